-- What the holder of a claim is told.

-- The task when the claim stands; else nil and the answer.
local function standing_task(id, claim_id)
    local task = find(id)
    if task and task.status == $RUNNING and task.claim == claim_id then
        return task
    end
    return nil, task and task.settled == claim_id and 'done' or 'lost'
end

-- Whether a task was taken from this claim, whose holder was silent and lives, and waits again.
local function is_adoptable(task, claim_id)
    if task.status ~= $WAITING or task.claim ~= claim_id or task.settled == claim_id then
        return false
    end
    if task.limit then
        flush()
    end
    return call('HEXISTS', prefix .. 'presences', task.worker) == 1
        and (not task.limit or room(task.limit) > 0)
end

local function adopt(task)
    if task.started then
        local losses = tonumber(task.losses or 0) - 1
        write(task, $RUNNING, {begun = '1', losses = losses > 0 and whole(losses)})
    else
        local attempts = whole(tonumber(task.attempts or 0) + 1)
        write(task, $RUNNING, {begun = '1', attempts = attempts, started = at})
    end
    topics.news = true
end

-- The task when the claim stands, or when it could be adopted; else nil and the answer.
local function held_task(id, claim_id)
    local task, answer = standing_task(id, claim_id)
    local waiting = not task and find(id)
    if waiting and is_adoptable(waiting, claim_id) then
        adopt(waiting)
        return waiting
    end
    return task, answer
end

-- What to say to a claim that stands.
local function told(task)
    if not task.cancel_at then
        return 'kept'
    end
    return task.cancel_step == '$FORCED' and 'kill' or 'cancel'
end

-- It waits again in its old place.
local function wait_again(task, fields)
    fields.begun = false
    write(task, $WAITING, fields)
end

-- It waits again and the try does not count.
local function give_back(task, fields)
    local attempts = tonumber(task.attempts) - 1
    fields.attempts = attempts > 0 and whole(attempts)
    fields.started = false
    wait_again(task, fields)
end
