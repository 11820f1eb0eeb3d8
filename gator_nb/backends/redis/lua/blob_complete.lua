-- Say that a blob is complete.
--
-- ARGV[2]  the blob
-- ARGV[3]  how many chunks it has; others that are there go
--
-- Returns 1, or 0 when a chunk is not there.

--! include store
--! include blobs

local name, wanted = ARGV[2], tonumber(ARGV[3])
local blob = key('blob', name)

local function all_there()
    local names, there = chunk_keys(name, 0, wanted), 0
    for i = 1, #names, PART do
        there = there + call('EXISTS', unpack(names, i, math.min(i + PART - 1, #names)))
    end
    return there == wanted
end

local known = call('HMGET', blob, 'chunks', 'added')
local added = tonumber(known[2] or -1)
if not known[1] and (added < wanted or not all_there()) then
    return 0
end
begin_to_write()
if not known[1] then
    unlink(chunk_keys(name, wanted, added))
    call('HSET', blob, 'chunks', whole(wanted))
    call('HDEL', blob, 'added')
end
touch(name)
stamp()
commit()
return 1
