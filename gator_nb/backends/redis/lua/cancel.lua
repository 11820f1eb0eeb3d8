-- Cancel what has not started, ask what runs to stop.
--
-- ARGV[2]  who asks
-- ARGV[3]  JSON list of tasks
-- ARGV[4]  "force", "unstarted" to leave alone what runs, or empty
--
-- Returns a JSON list of records; or {"unknown": id} with nothing canceled.

--! include store
--! include tasks
--! include ending

local by, ids, force = ARGV[2], cjson.decode(ARGV[3]), ARGV[4] == 'force'
local asking = ARGV[4] ~= 'unstarted'
for _, id in ipairs(ids) do
    if not find(id) then
        return cjson.encode({unknown = id})
    end
end
local ended = {}
for _, id in ipairs(ids) do
    local task = find(id)
    if task.status == $RUNNING then
        if asking and (force or not task.cancel_at) then
            write(task, $RUNNING, {
                cancel_at = task.cancel_at or at, cancel_by = task.cancel_by or by,
                cancel_step = force and '$FORCED' or task.cancel_step,
            })
            topics.work = true
        end
    elseif not TERMINAL[task.status] then
        write(task, $CANCELED, {
            finished = at, cancel_at = at, cancel_by = by, reason = '$reason_canceled',
            error = 'canceled by ' .. by,
        })
        ended[#ended + 1] = task
    end
end
-- Only now: of two that were canceled together, neither fails because of the other.
fail_dependents(ended)
commit()
local records = {}
for i, id in ipairs(ids) do
    records[i] = find(id)
end
return json(records)
