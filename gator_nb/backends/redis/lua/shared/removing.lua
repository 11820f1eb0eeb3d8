-- Taking tasks out of the store, with everything that only they need.

local touched_queues = {}
local INDEXED = {'name', 'group', 'worker'}

-- The envelope goes with the last task that it serves.
local function remove_envelope(task)
    local place = task.envelope_at or task.origin or task.id
    if place ~= task.id and call('HINCRBY', prefix .. 'shared', place, -1) <= 0 then
        call('HDEL', prefix .. 'shared', place)
    end
    if call('HEXISTS', prefix .. 'shared', place) == 1 then
        return
    end
    local owner = call('HMGET', key('t', place), 'status', 'envelope_at')
    if not owner[1] or owner[2] then
        call('DEL', key('e', place))
    end
end

local function remove_from_indexes(task)
    local id = task.id
    for _, name in ipairs(INDEXED) do
        if task[name] then
            index(key(name, task[name]), id, false)
        end
    end
    list_by_session(task, true)
    for _, tag in ipairs(task.tags and cjson.decode(task.tags) or {}) do
        index(key('tag', tag), id, false)
    end
    if task.batch then
        index(key('batch', task.batch), id, false)
    end
    if task.call_key then
        index(prefix .. 'calls', call_member(task.seq, id), false)
    end
end

local function remove(task)
    local id = task.id
    if task.status ~= $SUCCESS then
        local status = task.status
        task.status = TERMINAL[status] and status or -1 -- what waits for it is told that it is gone
        fail_dependents({task})
        task.status = status
    end
    leave(task)
    remove_from_indexes(task)
    if TERMINAL[task.status] then
        index(prefix .. 'ended', id, false)
    else
        count_lane(task.queue, slot_of(task), -1)
        leave_waiters(task)
        index(prefix .. 'expiring', id, false)
    end
    index(prefix .. 'changes', id, false)
    call('DEL', key('t', id), key('o', id), key('l', id), key('c', id), key('waiters', id))
    remove_envelope(task)
    if task.refs or task.owns then
        count_owners(task, -1)
    end
    tasks[id] = nil
    touched_queues[task.queue] = true
end

-- Forget the queues that have no task left.
local function drop_empty_queues()
    flush()
    for queue in pairs(touched_queues) do
        local left = call('EXISTS', key('lanes', queue)) -- there while any has not ended
        for status in pairs(TERMINAL) do
            left = left + call('EXISTS', key('status', status .. ':' .. queue))
        end
        if left == 0 then
            call('SREM', prefix .. 'queues', queue)
        end
    end
end

-- Called after removals: every cursor handed out so far is answered by a reset.
local function raise_floor()
    drop_empty_queues()
    write_owners()
    call('HSET', META, 'floor', stamp())
    topics.work, topics.news = true, true
end
