-- The index of call keys: one sorted set. A key's score is a part of its digest, so that members
-- can be short; those of one score are in the order of pushing.

local CHUNK = 100

local function call_score(call_key)
    return whole(tonumber(redis.sha1hex(call_key):sub(1, 13), 16))
end

local function call_member(task_seq, id)
    return string.format('%014.0f', task_seq) .. id
end

-- Up to so many tasks of that key that were pushed before a number, newest first.
local function tasks_called(call_key, below, count)
    local score, found, offset = call_score(call_key), {}, 0
    repeat
        local members = call(
            'ZREVRANGEBYSCORE', prefix .. 'calls', score, score, 'LIMIT', offset, CHUNK
        )
        for _, member in ipairs(members) do
            if not below or tonumber(member:sub(1, 14)) < below then
                local task = find(member:sub(15))
                if task.call_key == call_key then
                    found[#found + 1] = task
                end
            end
            if #found == count then
                return found
            end
        end
        offset = offset + CHUNK
    until #members < CHUNK
    return found
end
