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
--! include listing

local spared = {}
for _, session in ipairs(cjson.decode(ARGV[5])) do
    spared[session] = true
end
local held, after = 0, ''
local found = oldest_of(ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), $PAGE)
for _, one in ipairs(found) do
    local task = find(one[1])
    after = task.seq
    if task.session and not task.held and not spared[task.session] then
        free(task, {held = '1'})
        held = held + 1
    end
end
commit()
return {held, #found == $PAGE and after or ''}
