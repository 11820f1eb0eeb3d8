-- Store a chunk of a blob, unless that is complete.
--
-- ARGV[2]  the blob
-- ARGV[3]  the number of the chunk, from 0
-- ARGV[4]  its bytes
--
-- Returns nothing.

--! include store
--! include blobs

local name, number = ARGV[2], tonumber(ARGV[3])
local blob = key('blob', name)
local known = call('HMGET', blob, 'chunks', 'added')
if known[1] then
    begin_to_write()
else
    local place = chunk_key(name, number)
    call('GETRANGE', place, 0, 0) -- SET would replace a key of any type
    call('SET', place, ARGV[4])
    call('HSET', blob, 'added', whole(math.max(number + 1, tonumber(known[2] or 0))))
    call('ZADD', UNOWNED, at, name)
end
touch(name)
stamp()
commit()
