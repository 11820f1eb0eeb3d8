-- Hold a page of a queue's unstarted tasks of one status.
--
-- ARGV[2]  the queue
-- ARGV[3]  the status
-- ARGV[4]  look at tasks pushed after this number
-- ARGV[5]  JSON list of sessions whose tasks are spared
--
-- Returns {how many were held, the number to go on after, or "" at the end}.

--! include store
--! include tasks

local listing = key('status', ARGV[3] .. ':' .. ARGV[2])
local spared = {}
for _, session in ipairs(cjson.decode(ARGV[5])) do
    spared[session] = true
end
local held = 0
local ids = call('ZRANGEBYSCORE', listing, '(' .. ARGV[4], '+inf', 'LIMIT', 0, $PAGE)
local after = ''
for _, id in ipairs(ids) do
    local task = find(id)
    after = task.seq
    if task.session and not task.held and not spared[task.session] then
        free(task, {held = '1'})
        held = held + 1
    end
end
commit()
return {held, #ids == $PAGE and after or ''}
