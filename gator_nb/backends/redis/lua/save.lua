-- Keep a checkpoint of a running task.
--
-- ARGV[2]  the task
-- ARGV[3]  the claim
-- ARGV[4]  the checkpoint
--
-- Returns "kept", "cancel", "kill" or "lost".

--! include store
--! include tasks
--! include holding

local task = held_task(ARGV[2], ARGV[3])
if not task then
    return 'lost'
end
call('SET', key('c', task.id), ARGV[4])
write(task, $RUNNING, {checkpoint = task.id})
commit()
return told(task)
