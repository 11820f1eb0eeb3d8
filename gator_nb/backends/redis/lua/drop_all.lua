-- Remove a page of a queue's tasks, whatever their status, newest first.
--
-- ARGV[2]  the queue
--
-- Returns how many were removed; none are left when it is 0.

--! include store
--! include tasks
--! include ending
--! include calls
--! include listing
--! include blobs
--! include removing

local removed = 0

local function remove_from(stretch)
    for _, one in ipairs(newest(stretch, nil, $PAGE - removed)) do
        local task = find(one[1])
        if task then
            remove(task)
            removed = removed + 1
        end
    end
end

for status = 0, 7 do
    for _, stretch in ipairs(stretches_of(ARGV[2], status)) do
        remove_from(stretch)
    end
end
if removed > 0 then
    raise_floor()
    commit()
end
return removed
