-- Giving a worker the right to run a task.

local function claim(task, worker, claim_id, by_itself)
    if task.worker and task.worker ~= worker then
        index(key('worker', task.worker), task.id, false)
    end
    write(task, $RUNNING, {
        claim = claim_id,
        worker = worker,
        started = at,
        attempts = whole(tonumber(task.attempts or 0) + 1),
        begun = by_itself and '1',
        progress = false,
        cancel_step = false,
        held = false,
        due = false,
    })
    index(key('worker', worker), task.id, task.seq)
end
