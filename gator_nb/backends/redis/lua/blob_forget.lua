-- Remove blobs that nobody owns and that were not touched for long, the longest untouched first.
-- One of many chunks goes over several calls: its last chunks first, and from the first call on it
-- is not complete.
--
-- ARGV[2]  how many at most
--
-- Returns {how many were removed, 1 when there may be more}.

--! include store
--! include blobs

local limit, room, removed = tonumber(ARGV[2]), $PAGE, 0

local old = call(
    'ZRANGEBYSCORE', UNOWNED, '-inf', now - $BLOB_GRACE, 'LIMIT', 0, math.min(limit, $PAGE)
)
for _, name in ipairs(old) do
    if room <= 0 then
        break
    end
    local known = call('HMGET', key('blob', name), 'chunks', 'added')
    local count = tonumber(known[1] or known[2] or 0)
    local left = remove_end(name, count, room)
    room = room - (count - left) - 1
    if left == 0 then
        removed = removed + 1
    end
end
if old[1] then
    stamp()
    commit()
end
return {removed, (room <= 0 or #old == $PAGE) and 1 or 0}
