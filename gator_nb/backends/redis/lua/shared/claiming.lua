-- Giving a worker the right to run a task.

local function claim(task, worker, claim_id, by_itself)
    if task.worker and task.worker ~= worker then
        call('ZREM', key('worker', task.worker), task.id)
    end
    write(task, $RUNNING, {
        claim = claim_id,
        worker = worker,
        started = at,
        attempts = whole(tonumber(task.attempts or 0) + 1),
        begun = by_itself and '1',
        progress = false,
        held = false,
        due = false,
    })
    call('ZADD', key('worker', worker), task.seq, task.id)
end
