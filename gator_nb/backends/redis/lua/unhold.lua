-- Let a page of a queue's held tasks go on.
--
-- ARGV[2]  the queue
-- ARGV[3]  look at tasks pushed after this number
--
-- Returns {how many go on, the number to go on after, or "" at the end}.

--! include store
--! include tasks
--! include listing

local freed, after = 0, ''
local found = oldest_of(ARGV[2], $BLOCKED, tonumber(ARGV[3]), $PAGE)
for _, one in ipairs(found) do
    local task = find(one[1])
    after = task.seq
    if task.held then
        free(task, {held = false})
        freed = freed + 1
    end
end
if freed > 0 then
    topics.work = true
end
commit()
return {freed, #found == $PAGE and after or ''}
