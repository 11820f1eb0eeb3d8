-- Everyone registered.
--
-- Returns a flat list: text of the presence, time of its renewal, and so on.

--! include store

local found = {}
local all = call('HGETALL', prefix .. 'presences')
for i = 1, #all, 2 do
    found[#found + 1] = all[i + 1]
    found[#found + 1] = call('ZSCORE', prefix .. 'renewed', all[i])
end
return found
