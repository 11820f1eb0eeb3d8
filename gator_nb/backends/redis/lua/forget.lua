-- Remove tasks that ended before a time and that nothing asks to keep, oldest first.
--
-- ARGV[2]  the time
-- ARGV[3]  how many at most
-- ARGV[4]  how many of the oldest to pass over: they were kept before
-- ARGV[5]  "count" to remove nothing
--
-- Returns {how many were removed, how many were kept or counted, 1 when there may be more}.

--! include store
--! include tasks
--! include ending
--! include calls
--! include blobs
--! include removing

local limit, offset, counting = tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5] == 'count'
local kept_groups = {}

local function newest_of_name(queue, name, task_seq)
    local from = '+inf'
    while true do
        local found = call(
            'ZREVRANGEBYSCORE', key('name', name), from, '(' .. task_seq, 'WITHSCORES',
            'LIMIT', 0, 100
        )
        for i = 1, #found, 2 do
            if call('HGET', key('t', found[i]), 'queue') == queue then
                return false
            end
        end
        if #found < 200 then
            return true
        end
        from = '(' .. found[#found]
    end
end

-- Whether a group has an unfinished task, or the newest of a name.
local function group_kept(group)
    if kept_groups[group] == nil then
        kept_groups[group] = false
        for _, id in ipairs(call('ZRANGE', key('group', group), 0, -1)) do
            local task = find(id)
            if not TERMINAL[task.status]
                or (task.name and newest_of_name(task.queue, task.name, task.seq)) then
                kept_groups[group] = true
                break
            end
        end
    end
    return kept_groups[group]
end

local function kept(task)
    return (task.keep and tonumber(task.finished) + tonumber(task.keep) > now)
        or (task.name and newest_of_name(task.queue, task.name, task.seq))
        or (task.group and group_kept(task.group))
        or call('EXISTS', key('waiters', task.id)) == 1
end

local ids = call('ZRANGEBYSCORE', prefix .. 'ended', '-inf', '(' .. ARGV[2], 'LIMIT', offset, $PAGE)
local doomed, passed = {}, 0
for _, id in ipairs(ids) do
    if #doomed == limit then
        break
    end
    local task = find(id)
    if kept(task) then
        passed = passed + 1
    else
        doomed[#doomed + 1] = task
    end
end
local more = #ids == $PAGE and #doomed < limit and 1 or 0
if counting then
    return {#doomed, passed + #doomed, more}
end
for _, task in ipairs(doomed) do
    remove(task)
end
if doomed[1] then
    raise_floor()
    commit()
end
return {#doomed, passed, more}
