-- Let a page of a queue's held tasks go on.
--
-- ARGV[2]  the queue
-- ARGV[3]  look at tasks pushed after this number
--
-- Returns {how many go on, the number to go on after, or "" at the end}.

--! include store
--! include tasks

local listing = key('status', '$BLOCKED:' .. ARGV[2])
local freed = 0
local ids = call('ZRANGEBYSCORE', listing, '(' .. ARGV[3], '+inf', 'LIMIT', 0, $PAGE)
local after = ''
for _, id in ipairs(ids) do
    local task = find(id)
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
return {freed, #ids == $PAGE and after or ''}
