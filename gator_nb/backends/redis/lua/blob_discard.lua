-- Remove a blob that is not complete; one of many chunks goes over several calls.
--
-- ARGV[2]  the blob
--
-- Returns 1 when there is more of it.

--! include store
--! include blobs

local name = ARGV[2]
local known = call('HMGET', key('blob', name), 'chunks', 'added')
if known[1] or not known[2] then
    return 0
end
local left = remove_end(name, tonumber(known[2]), $PAGE)
stamp()
commit()
return left > 0 and 1 or 0
