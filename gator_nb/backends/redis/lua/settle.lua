-- End tries.
--
-- ARGV[2]   JSON list of {id, claim, status, sets, drops, due, outcome}: what to write and what to
--           take away; `outcome` tells whether there is one
-- ARGV[3..] for each: its outcome and its output
--
-- Returns a list with "done" or "lost" for each.

--! include store
--! include tasks
--! include ending
--! include holding

local function settle(one, outcome, output)
    local task, answer = held_task(one.id, one.claim)
    if not task then
        return answer
    end
    local fields = one.sets
    fields.settled = one.claim
    for _, name in ipairs(one.drops) do
        fields[name] = false
    end
    if one.status ~= $RETRYING then
        finish(task, one.status, fields)
    elseif task.cancel_at then
        fields.reason = '$reason_canceled'
        finish(task, $CANCELED, fields)
    else
        fields.due = one.due or at
        write(task, $RETRYING, fields)
    end
    if one.outcome then
        call('SET', key('o', one.id), outcome)
    end
    if output ~= '' then
        call('APPEND', key('l', one.id), output)
    end
    return 'done'
end

local answers = {}
for i, one in ipairs(cjson.decode(ARGV[2])) do
    answers[i] = settle(one, ARGV[2 * i + 1], ARGV[2 * i + 2])
end
commit()
return answers
