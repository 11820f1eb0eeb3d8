-- Take their claims from workers that are dead, gone, or silent for longer than their lease.
--
-- ARGV[2]  since when the caller has been connected
-- ARGV[3]  the time at which it asked: a request may be heard late, when a server that stood still
--          goes on, and by then no lease could have been renewed
-- ARGV[4]  JSON list of workers known to be dead
-- ARGV[5]  JSON list of workers known to be alive: no lease ends for them
--
-- Returns a JSON list of the records that claims were taken from.

--! include store
--! include tasks
--! include ending
--! include time
--! include holding
--! include arriving
--! include calls
--! include blobs
--! include removing
--! include batches

local connected, asked = tonumber(ARGV[2]), tonumber(ARGV[3])

local function set_of(list)
    local found = {}
    for _, worker in ipairs(cjson.decode(list)) do
        found[worker] = true
    end
    return found
end

local dead, living = set_of(ARGV[4]), set_of(ARGV[5])

local up = up_since()

-- Whether a worker has lost its claims, and whether user code ran in its kernel.
local function fate_of(worker)
    local known = call('HGET', prefix .. 'presences', worker)
    if not known then
        return true, call('HGET', prefix .. 'departed', worker) == '1'
    end
    local lease, kernel = known:match('^%d+ (%S+) (%d)')
    local renewed = tonumber(call('ZSCORE', prefix .. 'renewed', worker) or '0')
    local silent = asked - math.max(renewed, connected, up)
    local ended = silent >= tonumber(lease) and not living[worker]
    return dead[worker] or ended, kernel == '1'
end

local function lose(task, kernel)
    local losses = tonumber(task.losses or 0) + 1
    local may_retry = not kernel
    if task.on_lost then
        may_retry = task.on_lost ~= 'fail'
    end
    if task.cancel_at then
        finish(task, $CANCELED, {
            reason = '$reason_unconfirmed',
            error = 'worker ' .. task.worker .. ' was lost, stop unconfirmed',
        })
    elseif not task.begun then
        give_back(task, {alone = '1'})
    elseif may_retry and losses < $MAX_LOSSES then
        wait_again(task, {alone = '1', losses = whole(losses)})
    else
        finish(task, $FAILED, {
            alone = '1', losses = whole(losses), reason = '$reason_lost',
            error = 'worker ' .. task.worker .. ' died while the task ran (' .. losses .. ' lost)',
        })
    end
end

mind_the_time()
mind_the_batches()
local taken = {}
for _, worker in ipairs(call('SMEMBERS', prefix .. 'holders')) do
    local lost, kernel = fate_of(worker)
    if lost then
        for _, id in ipairs(call('ZRANGE', key('held', worker), 0, -1)) do
            lose(find(id), kernel)
            taken[#taken + 1] = id
        end
        call('HDEL', prefix .. 'departed', worker)
    end
end
commit()
for i, id in ipairs(taken) do
    taken[i] = find(id)
end
return json(taken)
