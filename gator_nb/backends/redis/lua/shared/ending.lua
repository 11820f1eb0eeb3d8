-- How tasks end, and what that does to those that wait for them.

local FATES = {[$FAILED] = 'failed', [$CANCELED] = 'was canceled'}

local function dependency_error(parent)
    return 'depends on ' .. (parent.label or 'task') .. ' (' .. parent.id .. '), which '
        .. (FATES[parent.status] or 'was removed')
end

local function waiters_of(task)
    return call('ZRANGE', key('waiters', task.id), 0, -1)
end

-- A task succeeded: those that wait for it have one open dependency less.
local function ready_dependents(parent)
    for _, id in ipairs(waiters_of(parent)) do
        local child = find(id)
        if child and not TERMINAL[child.status] then
            local open = tonumber(child.open_deps or 0) - 1
            free(child, {open_deps = open > 0 and whole(open)})
        end
    end
end

-- Fail what waits for these tasks, and what waits for that.
local function fail_dependents(ended)
    local i = 1
    while ended[i] do
        for _, id in ipairs(waiters_of(ended[i])) do
            local child = find(id)
            if child and not TERMINAL[child.status] then
                write(child, $FAILED, {
                    finished = at,
                    reason = '$reason_dependency',
                    error = dependency_error(ended[i]),
                })
                ended[#ended + 1] = child
            end
        end
        i = i + 1
    end
end

-- End a task, and tell those that wait for it.
local function finish(task, status, fields)
    fields.finished = at
    write(task, status, fields)
    if status == $SUCCESS then
        ready_dependents(task)
    else
        fail_dependents({task})
    end
end

local function expire(task)
    finish(task, $FAILED, {
        reason = '$reason_expired',
        error = 'was not started before its time was over',
    })
end
