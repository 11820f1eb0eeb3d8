-- Remove a page of a queue's tasks, whatever their status, newest first.
--
-- ARGV[2]  the queue
--
-- Returns how many were removed; none are left when it is 0.

--! include store
--! include tasks
--! include ending
--! include calls
--! include removing

local removed = 0
for status = 0, 7 do
    local listing = key('status', status .. ':' .. ARGV[2])
    for _, id in ipairs(call('ZREVRANGE', listing, 0, $PAGE - removed - 1)) do
        local task = find(id)
        if task then
            remove(task)
            removed = removed + 1
        end
    end
    if removed >= $PAGE then
        break
    end
end
raise_floor()
commit()
return removed
