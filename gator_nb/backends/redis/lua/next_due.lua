-- When the next delayed, retrying or expiring task wants attention.
--
-- Returns a time for each kind that has one.

--! include store

local found = {}
for _, line in ipairs({'due', 'expiring'}) do
    local head = call('ZRANGE', prefix .. line, 0, 0, 'WITHSCORES')
    found[#found + 1] = head[2]
end
return found
