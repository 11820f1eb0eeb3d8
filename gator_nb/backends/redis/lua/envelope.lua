-- The envelope that serves a task.
--
-- ARGV[2]  the task
--
-- Returns {1 when the task is there, its envelope}.

--! include store
--! include tasks

local task = find(ARGV[2])
return task and {1, call('GET', envelope_key(task))} or {0}
