-- Blobs, and which tasks own them: those in the `refs` of its call, and in its `owns` those that
-- its outcomes need. A blob counts its owners; while it has none, `unowned` lists it by when it was
-- touched.

local UNOWNED = prefix .. 'unowned'

local whole_blobs = {}
local owner_changes = {}

local function chunk_key(name, number)
    return key('chunk', whole(number) .. ':' .. name)
end

local function chunk_keys(name, first, after)
    local found = {}
    for number = first, after - 1 do
        found[#found + 1] = chunk_key(name, number)
    end
    return found
end

local function unlink(names)
    for i = 1, #names, PART do
        call('UNLINK', unpack(names, i, math.min(i + PART - 1, #names)))
    end
end

-- Take away so many chunks of a blob at most, the last ones first; how many are left. With the first
-- of them it is not complete any more.
local function remove_end(name, count, most)
    local blob, left = key('blob', name), math.max(0, count - most)
    begin_to_write()
    unlink(chunk_keys(name, left, count))
    if left == 0 then
        call('DEL', blob)
        call('ZREM', UNOWNED, name)
    else
        call('HDEL', blob, 'chunks')
        call('HSET', blob, 'added', whole(left))
    end
    return left
end

-- A blob that is there was stored or asked for.
local function touch(name)
    call('HSET', key('blob', name), 'touched', at)
    call('ZADD', UNOWNED, 'XX', at, name)
end

-- Whether a blob is complete.
local function is_whole(name)
    if whole_blobs[name] == nil then
        whole_blobs[name] = call('HEXISTS', key('blob', name), 'chunks') == 1
    end
    return whole_blobs[name]
end

-- A key of another type is told of before anything is written.
local function look_for(names)
    for _, name in ipairs(names) do
        is_whole(name)
    end
end

-- {name = true} for what a task owns.
local function owned_by(task)
    local owned = {}
    for _, text in ipairs({task.refs or '[]', task.owns or '[]'}) do
        for _, name in ipairs(cjson.decode(text)) do
            owned[name] = true
        end
    end
    return owned
end

local function count_owner(name, change)
    owner_changes[name] = (owner_changes[name] or 0) + change
end

-- A new task owns what it needs; one that goes owns nothing any more.
local function count_owners(task, change)
    for name in pairs(owned_by(task)) do
        count_owner(name, change)
    end
end

-- What a task owns for its outcomes once it owns these too. What is not there is passed over.
local function owning(task, names)
    local owned = owned_by(task)
    local owns = cjson.decode(task.owns or '[]')
    for _, name in ipairs(names) do
        if is_whole(name) and not owned[name] then
            owned[name] = true
            owns[#owns + 1] = name
            count_owner(name, 1)
        end
    end
    return owns[1] and cjson.encode(owns)
end

-- Called once at the end, so that many tasks that own the same are one change. A key that is not of
-- a blob is no reason to keep the task that owned it.
local function write_owners()
    for name, change in pairs(owner_changes) do
        local blob = key('blob', name)
        local touched = redis.pcall('HMGET', blob, 'touched')[1]
        if touched then
            local owners = call('HINCRBY', blob, 'owners', change)
            if owners <= 0 then
                call('HDEL', blob, 'owners')
                call('ZADD', UNOWNED, touched, name)
            else
                call('ZREM', UNOWNED, name)
            end
        end
    end
    owner_changes = {}
end
