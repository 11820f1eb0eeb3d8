-- Give back claims whose code has not begun or has stopped.
--
-- ARGV[2]  JSON list of [task, claim]
--
-- Returns a list with "done" or "lost" for each.

--! include store
--! include tasks
--! include ending
--! include holding

local function release(id, claim_id)
    local task, answer = standing_task(id, claim_id)
    if not task then
        return answer
    elseif task.cancel_at then
        finish(task, $CANCELED, {reason = '$reason_canceled', settled = claim_id})
    else
        give_back(task, {settled = claim_id})
    end
    return 'done'
end

local answers = {}
for i, one in ipairs(cjson.decode(ARGV[2])) do
    answers[i] = release(one[1], one[2])
end
commit()
return answers
