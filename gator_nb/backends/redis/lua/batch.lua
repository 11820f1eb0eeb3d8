-- Begin a batch, complete it, let a page of it go, or take a page of it back.
--
-- ARGV[2]  the batch
-- ARGV[3]  "begin", "complete", "let_go" or "take_back"
--
-- Returns {JSON list of [task, status, version], 1 when there is more to do}. Those that it does
-- not let go have an empty list; one that is not partial is not taken back, and "complete" answers
-- 1 when the batch has been taken back.

--! include store
--! include tasks
--! include ending
--! include calls
--! include blobs
--! include removing
--! include batches

local batch, step = ARGV[2], ARGV[3]
local moved, more = {}, false
if step == 'begin' then
    call('ZADD', PARTIAL, at, batch)
elseif step == 'complete' then
    if call('ZREM', PARTIAL, batch) == 1 then
        call('ZADD', COMPLETE, at, batch)
    else
        more = not call('ZSCORE', COMPLETE, batch)
    end
elseif step == 'let_go' and call('ZSCORE', COMPLETE, batch) then
    call('ZADD', COMPLETE, at, batch)
    local tasks_moved, last = let_go(batch)
    for i, task in ipairs(tasks_moved) do
        moved[i] = {task.id, task.status, task.version}
    end
    more = not last
elseif step == 'take_back' and call('ZSCORE', PARTIAL, batch) then
    more = not take_back(batch)
end
commit()
return {json(moved), more and 1 or 0}
