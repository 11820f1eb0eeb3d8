-- Forget a presence; what it holds is taken by the next reap.
--
-- ARGV[2]  its id
--
-- Returns nothing.

--! include store

begin_to_write()
local known = call('HGET', prefix .. 'presences', ARGV[2])
if known and call('SISMEMBER', prefix .. 'holders', ARGV[2]) == 1 then
    call('HSET', prefix .. 'departed', ARGV[2], known:match('^%d+ %S+ (%d)'))
end
call('HDEL', prefix .. 'presences', ARGV[2])
call('ZREM', prefix .. 'renewed', ARGV[2])
