-- What time does: expired tasks fail, due ones become ready, a bounded number a call.

local function reached(line)
    return call('ZRANGEBYSCORE', prefix .. line, '-inf', at, 'LIMIT', 0, $PROMOTE_BATCH)
end

local function mind_the_time()
    for _, id in ipairs(reached('expiring')) do
        local task = find(id)
        if not TERMINAL[task.status] then
            expire(task)
        end
    end
    for _, id in ipairs(reached('due')) do
        local task = find(id)
        if not TERMINAL[task.status] then -- it may have expired just now
            write(task, $WAITING, {due = false})
        end
    end
end
