-- Batches: what is too much for one call is pushed part by part. Its tasks are BLOCKED until the
-- last part is there; then the batch is complete, and they are let go page by page. One that is
-- not completed is taken back. `partial` and `complete` tell when each was last heard of.

local PARTIAL, COMPLETE = prefix .. 'partial', prefix .. 'complete'

local function page_of_batch(batch)
    return call('ZRANGE', key('batch', batch), 0, $PAGE - 1)
end

-- Let a task stand where it belongs, whatever becomes of its batch.
local function leave_batch(task)
    index(key('batch', task.batch), task.id, false)
    if task.status == $BLOCKED then
        free(task, {batch = false})
    else
        write(task, task.status, {batch = false})
    end
end

-- Let go of a page of a complete batch: its tasks, and whether it was the last.
local function let_go(batch)
    local found, ids = {}, page_of_batch(batch)
    for _, id in ipairs(ids) do
        local task = find(id)
        leave_batch(task)
        found[#found + 1] = task
    end
    local last = #ids < $PAGE
    if last then
        call('ZREM', COMPLETE, batch)
    end
    return found, last
end

-- Remove a page of a batch that was not completed; whether it was the last.
local function take_back(batch)
    local ids = page_of_batch(batch)
    for _, id in ipairs(ids) do
        remove(find(id))
    end
    raise_floor()
    local last = #ids < $PAGE
    if last then
        call('ZREM', PARTIAL, batch)
    end
    return last
end

-- Go on, a page a call, where whoever pushed has not been heard of for long.
local function mind_the_batches()
    local left = call('ZRANGEBYSCORE', COMPLETE, '-inf', now - $BATCH_SILENCE, 'LIMIT', 0, 1)[1]
    if left then
        let_go(left)
    end
    local dropped = call('ZRANGEBYSCORE', PARTIAL, '-inf', now - $BATCH_SILENCE, 'LIMIT', 0, 1)[1]
    if dropped then
        take_back(dropped)
    end
end
