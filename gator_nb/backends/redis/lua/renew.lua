-- Renew a worker's lease and tell of its tasks.
--
-- ARGV[2]   the worker
-- ARGV[3]   a name for this call: output that came with it is not appended twice
-- ARGV[4]   JSON list of {id, claim, sets}
-- ARGV[5..] for each: its output
--
-- Returns a list with "kept", "cancel", "kill" or "lost" for each.

--! include store
--! include tasks
--! include holding

local worker, nonce = ARGV[2], ARGV[3]

local function append(task, fields, output)
    if output ~= '' and task.beat ~= nonce then
        call('APPEND', key('l', task.id), output)
        fields.beat = nonce
    end
end

local function renew(one, output)
    local task = held_task(one.id, one.claim)
    if not task then
        return 'lost'
    end
    if task.cancel_step == '$FORCED' then
        one.sets.cancel_step = nil
    end
    append(task, one.sets, output)
    if next(one.sets) then
        write(task, $RUNNING, one.sets)
        topics.news = true
    end
    return told(task)
end

begin_to_write()
call('ZADD', prefix .. 'renewed', 'XX', at, worker)
local answers = {}
for i, one in ipairs(cjson.decode(ARGV[4])) do
    answers[i] = renew(one, ARGV[4 + i])
end
commit()
return answers
