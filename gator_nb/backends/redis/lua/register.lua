-- Store or replace a presence.
--
-- ARGV[2]  its id
-- ARGV[3]  JSON list of its fields
-- ARGV[4]  "1" when user code runs in its kernel, else "0"
-- ARGV[5]  its lease in seconds
--
-- Returns nothing.

--! include store

local order = call('HGET', prefix .. 'presences', ARGV[2])
order = order and order:match('^%d+') or whole(call('HINCRBY', META, 'presences', 1))
call('HSET', prefix .. 'presences', ARGV[2], table.concat({order, ARGV[5], ARGV[4], ARGV[3]}, ' '))
call('HDEL', prefix .. 'departed', ARGV[2])
call('ZADD', prefix .. 'renewed', at, ARGV[2])
