-- Forget a presence; what it holds is taken by the next reap.
--
-- ARGV[2]  its id
--
-- Returns nothing.

--! include store

-- Keep the name of a worker that leaves, for as long as not many have left since.
local function remember(id, presence)
    local name = cjson.decode(presence)[3]
    if name == '' then
        return
    end
    call('ZADD', prefix .. 'left', at, cjson.encode({id, name}))
    if call('ZCARD', prefix .. 'left') > $NAMES_KEPT then
        local oldest = call('ZRANGE', prefix .. 'left', 0, 0)
        call('ZREM', prefix .. 'left', oldest[1])
    end
end

begin_to_write()
local known = call('HGET', prefix .. 'presences', ARGV[2])
if known and call('SISMEMBER', prefix .. 'holders', ARGV[2]) == 1 then
    call('HSET', prefix .. 'departed', ARGV[2], known:match('^%d+ %S+ (%d)'))
end
if known then
    remember(ARGV[2], known:match('^%d+ %S+ %d (.*)'))
end
call('HDEL', prefix .. 'presences', ARGV[2])
call('ZREM', prefix .. 'renewed', ARGV[2])
