-- Tasks, and the one place that moves them: a record and every index over it change together.

local TERMINAL = {[$SUCCESS] = true, [$FAILED] = true, [$CANCELED] = true}

local tasks = {}

-- A task with all its fields: texts as stored, save that its status is a number.
-- nil when there is no such task.
local function find(id)
    if tasks[id] then
        return tasks[id]
    end
    local flat = call('HGETALL', key('t', id))
    if not flat[1] then
        return nil
    end
    local task = {id = id}
    for i = 1, #flat, 2 do
        task[flat[i]] = flat[i + 1]
    end
    task.status = tonumber(task.status)
    tasks[id] = task
    return task
end

-- The JSON of a list; cjson takes an empty one for an object.
local function json(list)
    if #list == 0 then
        return '[]'
    end
    return cjson.encode(list)
end

local function envelope_key(task)
    return key('e', task.envelope_at or task.origin or task.id)
end

local function rank_of(task)
    return whole(($MAX_PRIORITY - (tonumber(task.priority or 0))) * $RANK_STEP + tonumber(task.seq))
end

-- Where an unstarted task stands by its dependencies, its hold and its time.
local function standing(task)
    if task.held or tonumber(task.open_deps or 0) > 0 then
        return $BLOCKED
    end
    if task.due and tonumber(task.due) > now then
        return tonumber(task.attempts or 0) > 0 and $RETRYING or $DELAYED
    end
    return $WAITING
end

-- It no longer waits for anything.
local function leave_waiters(task)
    if task.depends_on then
        for _, dependency in ipairs(cjson.decode(task.depends_on)) do
            call('ZREM', key('waiters', dependency), task.id)
        end
    end
end

-- Take a task out of the indexes of its status.
local function leave(task)
    local status, id = task.status, task.id
    call('ZREM', key('status', status .. ':' .. task.queue), id)
    if status == $WAITING then
        local line = line_of(task.queue, task.lane)
        call('ZREM', key('ready', line), id)
        drained_lines[line] = true
    elseif status == $RUNNING then
        call('ZREM', key('held', task.worker), id)
        touched_holders[task.worker] = true
    elseif status == $DELAYED or status == $RETRYING then
        call('ZREM', prefix .. 'due', id)
    end
end

-- Put a task into the indexes of its status.
local function enter(task)
    local status, id = task.status, task.id
    call('ZADD', key('status', status .. ':' .. task.queue), task.seq, id)
    if status == $WAITING then
        local line = line_of(task.queue, task.lane)
        call('ZADD', key('ready', line), rank_of(task), id)
        call('ZADD', prefix .. 'open', 'NX', whole(version), line)
        topics.work = true
    elseif status == $RUNNING then
        call('ZADD', key('held', task.worker), task.seq, id)
        touched_holders[task.worker] = true
    elseif status == $DELAYED or status == $RETRYING then
        call('ZADD', prefix .. 'due', task.due, id)
        topics.work = true
    elseif TERMINAL[status] then
        call('ZADD', prefix .. 'ended', at, id)
        count_lane(task.queue, task.lane, -1)
        leave_waiters(task)
        topics.news = true
    end
    if task.expires then
        if status == $RUNNING or TERMINAL[status] then
            call('ZREM', prefix .. 'expiring', id)
        else
            call('ZADD', prefix .. 'expiring', task.expires, id)
        end
    end
end

-- Give a task a status and fields; false takes a field away.
local function write(task, status, fields)
    local moved = status ~= task.status
    if moved then
        leave(task)
    end
    task.status, task.version = status, stamp()
    local sets, drops = {'version', task.version, 'status', status}, {}
    for name, value in pairs(fields) do
        if value then
            sets[#sets + 1] = name
            sets[#sets + 1] = value
        elseif task[name] then
            drops[#drops + 1] = name
        end
        task[name] = value or nil
    end
    call('HSET', key('t', task.id), unpack(sets))
    if drops[1] then
        call('HDEL', key('t', task.id), unpack(drops))
    end
    call('ZADD', prefix .. 'changes', task.version, task.id)
    if moved then
        enter(task)
    end
end

-- Let an unstarted task stand where it belongs once these fields are so.
local function free(task, fields)
    local after = setmetatable({}, {__index = task})
    for name, value in pairs(fields) do
        after[name] = value
    end
    write(task, standing(after), fields)
end
