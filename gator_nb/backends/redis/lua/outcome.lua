-- The newest outcome of a task.
--
-- ARGV[2]  the task
--
-- Returns {1 when the task is there, its outcome}.

--! include store

return {call('EXISTS', key('t', ARGV[2])), call('GET', key('o', ARGV[2]))}
