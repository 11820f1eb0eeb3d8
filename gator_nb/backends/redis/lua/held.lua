-- What a worker holds.
--
-- ARGV[2]  the worker
--
-- Returns a flat list of tasks and claims.

--! include store

local found = {}
for _, id in ipairs(call('ZRANGE', key('held', ARGV[2]), 0, -1)) do
    found[#found + 1] = id
    found[#found + 1] = call('HGET', key('t', id), 'claim')
end
return found
