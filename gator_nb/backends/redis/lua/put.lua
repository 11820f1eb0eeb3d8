-- Store tasks, all or none; or a part of a batch, none of which is ready before all of it is there.
--
-- ARGV[2]   who claims what is new at once; else ""
-- ARGV[3]   a claim id of 32 characters for each push; else ""
-- ARGV[4]   the batch that this is a part of; else ""
-- ARGV[5..] for each push: JSON {id, fields, after, tags, reuse, retry}, and its envelope
--
-- Returns JSON: a list with [status, seq, version, created, open_deps] or a record for each
-- push; or {"refused": [kind, ...]} with nothing written. Kinds: "exists" (id, field, there, here),
-- "itself" (id), "unknown" (id, dependency), "open" (id, dependency, status),
-- "origin" (id, origin), "lanes" (queue, lane), "full" (id, limit), "blob" (id, a blob that is not
-- complete), "batch" (of which nothing is left), "foreign" (a key, its type).

--! include store
--! include tasks
--! include ending
--! include calls
--! include blobs
--! include batches
--! include foreign

local worker, batch = ARGV[2], ARGV[4]
local refused, all_new
local planned, planned_keys, seen_lines, new_lanes, begun = {}, {}, {}, {}, {}
local INDEXED = {'name', 'group', 'worker'}
local DIFFERING = {'label', 'queue', 'lane'}

-- The first reason stands.
local function refuse(...)
    refused = refused or {...}
end

-- The task of that id, or what this call will store as one.
local function twin_of(id)
    return planned[id] and planned[id].fields or find(id)
end

-- Whether the store has no task and no envelope under any of the ids pushed: most often, and then
-- they need not be looked up one by one.
local function are_new(pushes)
    local names = {}
    for _, push in ipairs(pushes) do
        names[#names + 1] = key('t', push.id)
        names[#names + 1] = key('e', push.fields.origin or push.id)
    end
    for i = 1, #names, PART do
        if call('EXISTS', unpack(names, i, math.min(i + PART - 1, #names))) > 0 then
            return false
        end
    end
    return true
end

local function same_call(twin, push, envelope)
    local fields = push.fields
    if fields.call_key and fields.call_key == twin.call_key then
        return true
    end
    if push.retry then
        return (twin.origin or push.id) == (fields.origin or push.id)
    end
    local plan = planned[push.id]
    local there = plan and plan.envelope
    return envelope == (there or call('GET', key('e', twin.envelope_at or twin.origin or push.id)))
end

local function refuse_twin(twin, push)
    for _, name in ipairs(DIFFERING) do
        local there, here = twin[name] or '', push.fields[name] or ''
        if there ~= here then
            return refuse('exists', push.id, name, there, here)
        end
    end
    refuse('exists', push.id, '', '', '')
end

-- The newest task of the queue and key that neither failed nor was canceled.
local function reusable(queue, call_key)
    local found = planned_keys[line_of(queue, call_key)]
    if found then
        return found
    end
    local below = nil
    repeat
        local called = tasks_called(call_key, below, $PAGE)
        for _, task in ipairs(called) do
            if task.queue == queue and task.status ~= $FAILED and task.status ~= $CANCELED then
                return task.id
            end
            below = tonumber(task.seq)
        end
    until #called < $PAGE
end

-- Count the open dependencies of a plan, and note one that failed.
local function plan_dependencies(plan)
    local first_open
    for _, id in ipairs(plan.after) do
        local parent = twin_of(id)
        local status = planned[id] and planned[id].status or (parent and parent.status)
        if id == plan.id then
            return refuse('itself', id)
        elseif not status then
            return refuse('unknown', plan.id, id)
        elseif status ~= $SUCCESS then
            plan.open = plan.open + 1
            first_open = first_open or {id, status}
            if not plan.failed and FATES[status] then
                plan.failed = {id = id, status = status, label = parent.label}
            end
        end
    end
    if worker ~= '' and first_open and not plan.failed then
        refuse('open', plan.id, first_open[1], first_open[2])
    end
end

-- One that is claimed at once takes the room of its limit.
local function plan_limit(plan)
    local limit = plan.fields.limit
    if worker == '' or plan.failed or not limit then
        return
    end
    local name = name_of(limit)
    begun[name] = (begun[name] or 0) + 1
    if begun[name] > room(limit) then
        refuse('full', plan.id, limit)
    end
end

local function demand_ours(places)
    local name, kind = foreign_among(places)
    if name then
        refuse('foreign', name, kind)
    end
end

local function plan_lane(queue, lane)
    local line = line_of(queue, lane)
    if seen_lines[line] then
        return
    end
    seen_lines[line] = true
    demand_ours({{key('lanes', queue), 'hash'}})
    if refused or call('HEXISTS', key('lanes', queue), lane) == 1 then
        return
    end
    demand_ours(places_of_lane(queue, lane))
    filled_queues[queue] = true
    new_lanes[queue] = (new_lanes[queue] or call('HLEN', key('lanes', queue))) + 1
    if new_lanes[queue] > $MAX_LANES then
        refuse('lanes', queue, lane)
    end
end

-- Where the envelope is, or will be.
local function plan_envelope(plan, push)
    local origin = push.fields.origin or push.id
    if push.retry then
        local first = twin_of(origin)
        if first then
            plan.fields.envelope_at = first.envelope_at
        elseif call('EXISTS', key('e', origin)) == 0 then
            refuse('origin', push.id, origin)
        end
    elseif not all_new and call('EXISTS', key('e', origin)) == 1
        and call('GET', key('e', origin)) ~= plan.envelope then
        -- Of a task that is gone and whose retries are not.
        plan.fields.envelope_at = origin .. '#' .. push.id .. '#' .. whole(version)
    end
end

local function plan_refs(plan)
    for name in pairs(owned_by(plan.fields)) do
        if not is_whole(name) then
            refuse('blob', plan.id, name)
        end
    end
end

local function status_of(plan)
    if plan.failed then
        return $FAILED
    elseif worker ~= '' then
        return $RUNNING
    end
    local fields = plan.fields
    return standing({
        batch = fields.batch, held = fields.held, due = fields.due, attempts = fields.attempts, open_deps = plan.open,
    })
end

-- What becomes of a push: {answer = id} or a plan. nil when it was refused.
local function plan_push(push, envelope, claim_id)
    local twin
    if planned[push.id] or not all_new then
        twin = twin_of(push.id)
    end
    if twin then
        if not same_call(twin, push, envelope) then
            return refuse_twin(twin, push)
        end
        return {answer = push.id}
    end
    local fields = push.fields
    local found = push.reuse and fields.call_key and reusable(fields.queue, fields.call_key)
    if found then
        return {answer = found}
    end
    local plan = {
        id = push.id, fields = fields, after = push.after or {}, tags = push.tags or {}, open = 0,
        envelope = not push.retry and envelope or nil, claim = claim_id,
    }
    fields.batch = batch ~= '' and batch or nil
    fields.lane = fields.lane or ''
    plan_lane(fields.queue, slot_of(fields))
    demand_ours(places_of_names(fields, plan.tags))
    if refused then
        return
    end
    plan_dependencies(plan)
    plan_limit(plan)
    plan_envelope(plan, push)
    if fields.refs then
        plan_refs(plan)
    end
    plan.status = status_of(plan)
    planned[push.id] = plan
    if fields.call_key and not plan.failed then
        planned_keys[line_of(fields.queue, fields.call_key)] = push.id
    end
    return plan
end

-- The fields that the store gives a new task.
local function given_fields(plan)
    local fields = plan.fields
    fields.status, fields.seq, fields.version, fields.created = plan.status, whole(seq), stamp(), at
    fields.open_deps = plan.open > 0 and whole(plan.open) or nil
    if plan.failed then
        fields.reason, fields.finished = '$reason_dependency', at
        fields.error = dependency_error(plan.failed)
    elseif plan.status == $RUNNING then
        fields.claim, fields.worker, fields.started, fields.begun = plan.claim, worker, at, '1'
        fields.attempts = whole(tonumber(fields.attempts or 0) + 1)
        fields.due, fields.held, fields.progress = nil, nil, nil
    end
    return fields
end

local function add_to_indexes(plan, fields)
    local id, number = plan.id, fields.seq
    index(prefix .. 'changes', id, fields.version)
    for _, name in ipairs(INDEXED) do
        if fields[name] then
            index(key(name, fields[name]), id, number)
        end
    end
    list_by_session(fields, false)
    for _, tag in ipairs(plan.tags) do
        index(key('tag', tag), id, number)
    end
    if fields.call_key then
        index(prefix .. 'calls', call_member(seq, id), call_score(fields.call_key))
    end
    if fields.batch then
        index(key('batch', batch), id, number)
    end
    if not plan.failed then
        for _, dependency in ipairs(plan.after) do
            index(key('waiters', dependency), id, number)
        end
    end
end

local function store(plan)
    seq = seq + 1
    local fields = given_fields(plan)
    local flat = {}
    for name, value in pairs(fields) do
        flat[#flat + 1] = name
        flat[#flat + 1] = value
    end
    call('HSET', key('t', plan.id), unpack(flat))
    local place = fields.envelope_at or fields.origin or plan.id
    if plan.envelope then
        call('SET', key('e', place), plan.envelope)
    end
    if place ~= plan.id then
        call('HINCRBY', prefix .. 'shared', place, 1)
    end
    if fields.refs then
        count_owners(fields, 1)
    end
    count_lane(fields.queue, slot_of(fields), 1)
    fields.id = plan.id
    add_to_indexes(plan, fields)
    enter(fields)
end

-- A task that answers a push is there for good: its own batch may not be completed.
local function take_over(id)
    local task = find(id)
    if task.batch and task.batch ~= batch then
        leave_batch(task)
    end
end

if batch ~= '' then
    if not call('ZSCORE', prefix .. 'partial', batch) then
        return cjson.encode({refused = {'batch', batch}})
    end
    call('ZADD', prefix .. 'partial', at, batch)
end
local pushes, plans = {}, {}
for i = 5, #ARGV, 2 do
    pushes[#pushes + 1] = cjson.decode(ARGV[i])
end
all_new = are_new(pushes)
for i, push in ipairs(pushes) do
    plans[i] = plan_push(push, ARGV[4 + 2 * i], ARGV[3]:sub(i * 32 - 31, i * 32))
    if refused then
        return cjson.encode({refused = refused})
    end
end
for _, plan in ipairs(plans) do
    if plan.answer then
        take_over(plan.answer)
    else
        store(plan)
    end
end
write_owners()
commit()
local answers = {}
for i, plan in ipairs(plans) do
    if plan.answer or plan.failed or plan.status == $RUNNING then
        answers[i] = plan.answer and find(plan.answer) or plan.fields
    else
        local fields = plan.fields
        answers[i] = {tostring(plan.status), fields.seq, fields.version, at, whole(plan.open)}
    end
end
return json(answers)
