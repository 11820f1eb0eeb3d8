-- Take ready tasks for a worker, by rank, out of one queue.
--
-- ARGV[2]  the worker
-- ARGV[3]  how many at most
-- ARGV[4]  a claim id of 32 characters for each
-- ARGV[5]  "again" when the same call was made before and its reply was lost; else ""
-- ARGV[6]  JSON {queues, lanes}; no queues: all of them
--
-- Returns {JSON list of records, envelope, envelope, ...}; or {JSON {"no_envelope": id}} with
-- nothing claimed.

--! include store
--! include tasks
--! include ending
--! include time
--! include claiming

local worker, limit, claims, wanted = ARGV[2], tonumber(ARGV[3]), ARGV[4], cjson.decode(ARGV[6])
local served, paused = {}, {}
for _, lane in ipairs(wanted.lanes) do
    served[lane] = true
end
for _, queue in ipairs(call('SMEMBERS', prefix .. 'paused')) do
    paused[queue] = true
end

-- What the lost reply told.
local function claimed_before()
    local found = {}
    for _, id in ipairs(call('ZRANGE', key('held', worker), 0, -1)) do
        local task = find(id)
        local place = claims:find(task.claim, 1, true)
        if place then
            found[#found + 1] = {place, task}
        end
    end
    table.sort(found, function(a, b) return a[1] < b[1] end)
    for i, one in ipairs(found) do
        found[i] = one[2]
    end
    return found
end

-- How many tasks of a slot may be taken: none where its lane is not served or its limit is full.
local function takeable(slot)
    local lane, full = lane_and_limit(slot)
    if not served[lane] then
        return 0
    end
    return full and math.min(limit, room(full)) or limit
end

-- The slots of a queue in which tasks may be taken.
local function open_slots(queue)
    local found = {}
    for _, slot in ipairs(paused[queue] and {} or call('HKEYS', key('lanes', queue))) do
        if takeable(slot) > 0 then
            found[#found + 1] = slot
        end
    end
    return found
end

-- The queue with ready tasks in a lane served whose turn was longest ago.
local function next_queue()
    if not wanted.queues then
        for _, line in ipairs(call('ZRANGE', prefix .. 'open', 0, -1)) do
            local queue, slot = queue_and_lane(line)
            if not paused[queue] and takeable(slot) > 0 then
                return queue
            end
        end
        return nil
    end
    local chosen, oldest
    for _, queue in ipairs(wanted.queues) do
        for _, slot in ipairs(open_slots(queue)) do
            local turn = tonumber(call('ZSCORE', prefix .. 'open', line_of(queue, slot)) or nil)
            if turn and (not oldest or turn < oldest) then
                chosen, oldest = queue, turn
            end
        end
    end
    return chosen
end

-- The first tasks of the lanes served, by rank.
local function heads_of(queue)
    local heads = {}
    for _, slot in ipairs(open_slots(queue)) do
        local line = key('ready', line_of(queue, slot))
        local found = call('ZRANGE', line, 0, takeable(slot) - 1, 'WITHSCORES')
        for i = 1, #found, 2 do
            heads[#heads + 1] = {tonumber(found[i + 1]), found[i]}
        end
    end
    table.sort(heads, function(a, b) return a[1] < b[1] end)
    return heads
end

-- Up to the limit; one that is alone comes by itself, and at a late one it ends. What the lines of
-- one limit have beyond its room together is passed over.
local function batch_of(heads)
    local batch, begun = {}, {}
    for _, head in ipairs(heads) do
        local task = find(head[2])
        local late = task.expires and tonumber(task.expires) <= now
        local name = task.limit and name_of(task.limit)
        local full = name and (begun[name] or 0) >= room(task.limit)
        if not full then
            if late or #batch == limit or (task.alone and batch[1]) then
                break
            end
            batch[#batch + 1] = task
            if name then
                begun[name] = (begun[name] or 0) + 1
            end
            if task.alone then
                break
            end
        end
    end
    return batch
end

local function end_turn(queue)
    for _, slot in ipairs(call('HKEYS', key('lanes', queue))) do
        if served[lane_and_limit(slot)] then
            call('ZADD', prefix .. 'open', 'XX', whole(version), line_of(queue, slot))
        end
    end
end

-- The reply; nil and the task whose envelope is missing.
local function reply_for(batch)
    local reply = {false}
    for i, task in ipairs(batch) do
        reply[i + 1] = call('GET', envelope_key(task))
        if not reply[i + 1] then
            return nil, task
        end
    end
    return reply
end

local batch = ARGV[5] == 'again' and claimed_before() or {}
local again = batch[1] ~= nil
local queue
if not again then
    mind_the_time()
    flush()
    queue = limit > 0 and next_queue()
    batch = queue and batch_of(heads_of(queue)) or {}
end
local reply, bare = reply_for(batch)
if not reply then
    commit()
    return {cjson.encode({no_envelope = bare.id})}
end
if not again then
    for i, task in ipairs(batch) do
        claim(task, worker, claims:sub(i * 32 - 31, i * 32), #batch == 1)
    end
    if queue then
        end_turn(queue)
    end
    commit()
end
local records = {}
for i, task in ipairs(batch) do
    records[i] = task
end
reply[1] = json(records)
return reply
