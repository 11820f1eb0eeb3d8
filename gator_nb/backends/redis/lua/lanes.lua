-- The lanes with ready tasks.
--
-- ARGV[2]  JSON list of queues; "" for all
--
-- Returns a list of them, some more than once.

--! include store
--! include tasks

local paused, found = {}, {}
for _, queue in ipairs(call('SMEMBERS', prefix .. 'paused')) do
    paused[queue] = true
end

local function note(slot)
    found[#found + 1] = lane_and_limit(slot)
end

if ARGV[2] == '' then
    for _, line in ipairs(call('ZRANGE', prefix .. 'open', 0, -1)) do
        local queue, slot = queue_and_lane(line)
        if not paused[queue] then
            note(slot)
        end
    end
    return found
end
for _, queue in ipairs(cjson.decode(ARGV[2])) do
    for _, slot in ipairs(paused[queue] and {} or call('HKEYS', key('lanes', queue))) do
        if call('ZSCORE', prefix .. 'open', line_of(queue, slot)) then
            note(slot)
        end
    end
end
return found
