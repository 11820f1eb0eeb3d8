-- The checkpoint that a task goes on from.
--
-- ARGV[2]  the task
--
-- Returns {1 when the task is there, the checkpoint}.

--! include store
--! include tasks

local task = find(ARGV[2])
if not task then
    return {0}
end
return {1, task.checkpoint and call('GET', key('c', task.checkpoint))}
