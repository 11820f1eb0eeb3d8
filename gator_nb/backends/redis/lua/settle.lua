-- End tries.
--
-- ARGV[2]   JSON list of {id, claim, status, sets, drops, due, outcome, lost, refs}: what to write
--           and what to take away; `outcome` tells whether there is one, `lost` that its process
--           died, `refs` which blobs its outcome needs
-- ARGV[3..] for each: its outcome and its output
--
-- Returns a list with "done" or "lost" for each.

--! include store
--! include tasks
--! include ending
--! include holding
--! include blobs

local MOST_TOLD, MOST_BYTES = 4, 4096

-- The process that ran it died, and its holder lives.
local function lose(task, fields)
    local losses = tonumber(task.losses or 0) + 1
    if task.cancel_at then
        fields.reason = '$reason_canceled'
        finish(task, $CANCELED, fields)
        return
    end
    fields.losses, fields.alone = whole(losses), '1'
    if task.on_lost ~= 'fail' and losses < $MAX_LOSSES then
        fields.reason, fields.error = false, false
        wait_again(task, fields)
    else
        fields.reason = '$reason_lost'
        finish(task, $FAILED, fields)
    end
end

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
    if one.refs then
        fields.owns = owning(task, one.refs)
    end
    if one.lost then
        lose(task, fields)
    elseif one.status ~= $RETRYING then
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

-- A few ends are told with their outcomes, where these are small: who waits need not ask.
local function wording(settled)
    if #ended_now > MOST_TOLD then
        return ''
    end
    local places, told = {}, {}
    for i, one in ipairs(settled) do
        places[one.id] = one.outcome and 2 * i + 1
    end
    local bytes = 0
    for i, task in ipairs(ended_now) do
        local outcome = places[task.id] and ARGV[places[task.id]]
        told[i] = outcome or ''
        bytes = bytes + #told[i]
        ended_now[i] = {task, outcome and #outcome or false}
    end
    local records = bytes <= MOST_BYTES and cjson.encode(ended_now) or ''
    if #records == 0 or #records > MOST_BYTES then
        return ''
    end
    return records .. '\n' .. table.concat(told)
end

local answers, ended = {}, cjson.decode(ARGV[2])
for _, one in ipairs(ended) do
    if one.refs then
        look_for(one.refs)
    end
end
for i, one in ipairs(ended) do
    answers[i] = settle(one, ARGV[2 * i + 1], ARGV[2 * i + 2])
end
write_owners()
words = wording(ended)
commit()
return answers
