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
--! include listing

local limit, below, filter = tonumber(ARGV[2]), tonumber(ARGV[3]), cjson.decode(ARGV[4])
local INDEXED = {'group', 'name', 'worker', 'tag'} -- the most selective first
local TESTED = {'queue', 'group', 'name', 'worker', 'session', 'call_key'}

local statuses
if filter.status then
    statuses = {}
    for _, status in ipairs(filter.status) do
        statuses[status] = true
    end
end

-- The stretches of each queue and status wanted.
local function listings()
    local found = {}
    for _, queue in ipairs(filter.queue and {filter.queue} or call('SMEMBERS', prefix .. 'queues')) do
        for status = 0, 7 do
            local wanted = not statuses or statuses[status]
            for _, stretch in ipairs(wanted and stretches_of(queue, status) or {}) do
                found[#found + 1] = stretch
            end
        end
    end
    return found
end

-- Those of a session: its tasks that are in no group, and the groups that it pushed to.
local function session_listings(session)
    local found = {{key('session', session), 0}}
    for _, group in ipairs(call('HKEYS', key('groups', session))) do
        found[#found + 1] = {key('group', group), 0}
    end
    return found
end

-- The stretch whose next number is the greatest.
local function foremost(heads)
    local best = 1
    for i = 2, #heads do
        if heads[i].number > heads[best].number then
            best = i
        end
    end
    return best
end

-- Read a stretch on, by more each time: most stretches give few of the newest.
local function read_on(head, under)
    head.part = head.part * 8
    head.read, head.at = newest(head.stretch, under, head.part), 1
    head.number = head.read[1] and head.read[1][2]
end

-- Merge stretches, each read as far as it is needed.
local function merged(stretches, count)
    local heads, found = {}, {}
    for _, stretch in ipairs(stretches) do
        local head = {stretch = stretch, part = 1 / 8}
        read_on(head, below)
        heads[#heads + 1] = head.number and head
    end
    while #found < count and #heads > 0 do
        local best = foremost(heads)
        local head = heads[best]
        found[#found + 1] = head.read[head.at]
        head.at = head.at + 1
        if head.read[head.at] then
            head.number = head.read[head.at][2]
        else
            read_on(head, head.number)
        end
        if not head.number then
            table.remove(heads, best)
        end
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
            return newest({key(name, filter[name]), 0}, below, count)
        end
    end
    return merged(filter.session and session_listings(filter.session) or listings(), count)
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
