-- Tasks, and the one place that moves them: a record and every index over it change together.

local TERMINAL = {[$SUCCESS] = true, [$FAILED] = true, [$CANCELED] = true}

local tasks = {}
local ended_now = {}

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

-- What a ready line is of, beside its queue: a lane, and the limit that its tasks have; the length
-- keeps any two pairs apart.
local function slot_of(task)
    if not task.limit and task.lane:byte(1) ~= 0 then
        return task.lane
    end
    return '\0' .. #task.lane .. ':' .. task.lane .. (task.limit or '')
end

local function lane_and_limit(slot)
    if slot:byte(1) ~= 0 then
        return slot, nil
    end
    local length, rest = slot:match('^(%d+):(.*)', 2)
    local limit = rest:sub(tonumber(length) + 1)
    return rest:sub(1, tonumber(length)), limit ~= '' and limit or nil
end

local function name_of(limit)
    return limit:match('^%d+:(.*)')
end

-- How many more tasks of a limit may run.
local function room(limit)
    local running = call('HGET', prefix .. 'limits', name_of(limit)) or 0
    return tonumber(limit:match('^%d+')) - tonumber(running)
end

local function envelope_key(task)
    return key('e', task.envelope_at or task.origin or task.id)
end

local function rank_of(task)
    return whole(($MAX_PRIORITY - (tonumber(task.priority or 0))) * $RANK_STEP + tonumber(task.seq))
end

-- Where an unstarted task stands by its batch, its dependencies, its hold and its time.
local function standing(task)
    if task.batch or task.held or tonumber(task.open_deps or 0) > 0 then
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
            index(key('waiters', dependency), task.id, false)
        end
    end
end

-- A session lists the groups that it pushed to, and by themselves those tasks that are in none.
local function list_by_session(task, away)
    if task.session and task.group then
        count(key('groups', task.session), task.group, away and -1 or 1)
    elseif task.session then
        index(key('session', task.session), task.id, not away and task.seq)
    end
end

-- Put a task into the indexes of its status, or with `away` take it out. What waits is listed by
-- its ready line alone.
local function place(task, away)
    local status, id = task.status, task.id
    if status == $WAITING then
        local line = line_of(task.queue, slot_of(task))
        index(key('ready', line), id, not away and rank_of(task))
        local lines = away and drained_lines or filled_lines
        lines[line] = true
        return
    end
    index(key('status', status .. ':' .. task.queue), id, not away and task.seq)
    if status == $RUNNING then
        index(key('held', task.worker), id, not away and task.seq)
        touched_holders[task.worker] = true
        if task.limit then
            count(prefix .. 'limits', name_of(task.limit), away and -1 or 1)
            topics.work = topics.work or away -- there is room for another
        end
    elseif status == $DELAYED or status == $RETRYING then
        index(prefix .. 'due', id, not away and task.due)
    end
end

local function leave(task)
    place(task, true)
end

local function enter(task)
    local status, id = task.status, task.id
    place(task, false)
    if TERMINAL[status] then
        index(prefix .. 'ended', id, at)
        count_lane(task.queue, slot_of(task), -1)
        leave_waiters(task)
        ended_now[#ended_now + 1] = task
        topics.news = true
    elseif status ~= $RUNNING and status ~= $BLOCKED then
        topics.work = true
    end
    if task.expires then
        local open = status ~= $RUNNING and not TERMINAL[status]
        index(prefix .. 'expiring', id, open and task.expires)
    end
end

-- Give a task a status and fields; false takes a field away.
local function write(task, status, fields)
    begin_to_write()
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
    index(prefix .. 'changes', task.id, task.version)
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
