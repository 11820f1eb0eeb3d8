-- The output of a task.
--
-- ARGV[2]  the task
-- ARGV[3]  from which byte on
--
-- Returns {1 when the task is there, its output}.

--! include store

return {call('EXISTS', key('t', ARGV[2])), call('GETRANGE', key('l', ARGV[2]), ARGV[3], -1)}
