-- The envelopes or the outcomes of several tasks.
--
-- ARGV[2]  "e" or "o"
-- ARGV[3]  JSON list of tasks
--
-- Returns a list with the bytes or nil for each.

--! include store
--! include tasks

local found = {}
for i, id in ipairs(cjson.decode(ARGV[3])) do
    local place = key('o', id)
    if ARGV[2] == 'e' then
        local there = call('HMGET', key('t', id), 'status', 'origin', 'envelope_at')
        place = there[1] and key('e', there[3] or there[2] or id)
    end
    found[i] = place and call('GET', place)
end
return found
