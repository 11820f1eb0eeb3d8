-- What the holder of a claim is told.

-- The task when the claim stands; else nil and the answer.
local function held_task(id, claim_id)
    local task = find(id)
    if task and task.status == $RUNNING and task.claim == claim_id then
        return task
    end
    return nil, task and task.settled == claim_id and 'done' or 'lost'
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
