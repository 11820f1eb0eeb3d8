-- Hand out no task of a queue, or let it go on.
--
-- ARGV[2]  the queue
-- ARGV[3]  "on" or ""
--
-- Returns nothing.

--! include store

begin_to_write()
if ARGV[3] == 'on' then
    call('SADD', prefix .. 'paused', ARGV[2])
else
    call('SREM', prefix .. 'paused', ARGV[2])
    topics.work = true
end
commit()
