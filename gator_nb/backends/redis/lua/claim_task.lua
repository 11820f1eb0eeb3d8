-- Take one task, whatever its lane, due time or hold.
--
-- ARGV[2]  the worker
-- ARGV[3]  the task
-- ARGV[4]  a claim id
--
-- Returns {JSON record, envelope}, or {JSON record} of one that has ended; or {JSON {"refused":
-- [kind, ...]}}. Kinds: "unknown", "running" (worker), "open" (dependency, status), "full" (limit),
-- "no_envelope".

--! include store
--! include tasks
--! include ending
--! include claiming

local worker, id, claim_id = ARGV[2], ARGV[3], ARGV[4]
local task = find(id)

local function refused(...)
    return {cjson.encode({refused = {...}})}
end

local function open_dependency()
    for _, dependency in ipairs(cjson.decode(task.depends_on)) do
        local status = call('HGET', key('t', dependency), 'status')
        if status ~= '$SUCCESS' then
            return dependency, tonumber(status or -1)
        end
    end
end

if not task then
    return refused('unknown')
elseif TERMINAL[task.status] then
    return {cjson.encode(task)}
elseif task.status == $RUNNING then
    if task.claim ~= claim_id then
        return refused('running', task.worker)
    end
    return {cjson.encode(task), call('GET', envelope_key(task))}
elseif task.expires and tonumber(task.expires) <= now then
    expire(task)
    commit()
    return {cjson.encode(task)}
elseif task.open_deps then
    return refused('open', open_dependency())
elseif task.limit and room(task.limit) < 1 then
    return refused('full', task.limit)
end
local envelope = call('GET', envelope_key(task))
if not envelope then
    return refused('no_envelope')
end
claim(task, worker, claim_id, true)
commit()
return {cjson.encode(task), envelope}
