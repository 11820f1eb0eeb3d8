-- Records that fit a filter, newest push first.
--
-- ARGV[2]  how many at most
-- ARGV[3]  only those pushed before this number; "" for all
-- ARGV[4]  JSON of the filter: status (a list), queue, name, tag, worker, session, group, call_key
--
-- Returns {JSON list of records, the number to go on below, or "" at the end}. It may find less
-- than there is and yet not be the end: it looks at a bounded number of tasks.

--! include store
--! include tasks
--! include calls

local limit, below, filter = tonumber(ARGV[2]), tonumber(ARGV[3]), cjson.decode(ARGV[4])
local INDEXED = {'group', 'name', 'worker', 'tag', 'session'} -- the most selective first
local TESTED = {'queue', 'group', 'name', 'worker', 'session', 'call_key'}

local top = below and '(' .. whole(below) or '+inf'
local statuses
if filter.status then
    statuses = {}
    for _, status in ipairs(filter.status) do
        statuses[status] = true
    end
end

-- {id, number} pairs of a sorted set by push, newest first.
local function newest(zset, count)
    local flat = call('ZREVRANGEBYSCORE', zset, top, '-inf', 'WITHSCORES', 'LIMIT', 0, count)
    local found = {}
    for i = 1, #flat, 2 do
        found[#found + 1] = {flat[i], tonumber(flat[i + 1])}
    end
    return found
end

local function by_number(a, b)
    return a[2] > b[2]
end

-- Merge the listings of each queue and status: only those with the newest heads can contribute.
local function merged(count)
    local heads = {}
    for _, queue in ipairs(filter.queue and {filter.queue} or call('SMEMBERS', prefix .. 'queues')) do
        for status = 0, 7 do
            if not statuses or statuses[status] then
                local listing = key('status', status .. ':' .. queue)
                local head = newest(listing, 1)[1]
                heads[#heads + 1] = head and {listing, head[2]}
            end
        end
    end
    table.sort(heads, by_number)
    local found = {}
    for i = 1, math.min(#heads, count) do
        for _, one in ipairs(newest(heads[i][1], count)) do
            found[#found + 1] = one
        end
    end
    table.sort(found, by_number)
    while #found > count do
        found[#found] = nil
    end
    return found
end

local function fits(task)
    if statuses and not statuses[task.status] then
        return false
    end
    for _, name in ipairs(TESTED) do
        if filter[name] and filter[name] ~= task[name] then
            return false
        end
    end
    return not filter.tag or call('ZSCORE', key('tag', filter.tag), task.id)
end

local function candidates(count)
    if filter.call_key then
        local called = tasks_called(filter.call_key, below, count)
        for i, task in ipairs(called) do
            called[i] = {task.id, tonumber(task.seq)}
        end
        return called
    end
    for _, name in ipairs(INDEXED) do
        if filter[name] then
            return newest(key(name, filter[name]), count)
        end
    end
    return merged(count)
end

local looked_at = math.max(limit, $PAGE)
local selective = filter.call_key or filter.group or filter.name or filter.worker or filter.tag
    or filter.session
if not selective then
    looked_at = limit
end
local records, last = {}, ''
local found = candidates(looked_at)
for _, one in ipairs(found) do
    if #records == limit then
        break
    end
    last = whole(one[2])
    local task = find(one[1])
    if not selective or fits(task) then
        records[#records + 1] = task
    end
end
if #records < limit and #found < looked_at then
    last = ''
end
return {json(records), last}
