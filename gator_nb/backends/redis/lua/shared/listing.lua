-- Listings by queue and status, in the order of pushing. What waits is listed by its ready lines,
-- where scores are ranks: there the tasks of each priority are a stretch of their own.

-- {sorted set, what is added to a push number there} for each stretch of a listing.
local function stretches_of(queue, status)
    if status ~= $WAITING then
        return {{key('status', status .. ':' .. queue), 0}}
    end
    local found = {}
    for _, lane in ipairs(call('HKEYS', key('lanes', queue))) do
        local line, from = key('ready', line_of(queue, lane)), 0
        repeat
            local head = call(
                'ZRANGEBYSCORE', line, whole(from), '+inf', 'WITHSCORES', 'LIMIT', 0, 1
            )
            if head[2] then
                local base = math.floor(tonumber(head[2]) / $RANK_STEP) * $RANK_STEP
                found[#found + 1] = {line, base}
                from = base + $RANK_STEP
            end
        until not head[2]
    end
    return found
end

local function numbered(flat, base)
    local found = {}
    for i = 1, #flat, 2 do
        found[#found + 1] = {flat[i], tonumber(flat[i + 1]) - base}
    end
    return found
end

-- {id, push number} pairs of a stretch, newest first; `below` may be nil.
local function newest(stretch, below, count)
    local zset, base = unpack(stretch)
    local top = '(' .. whole(base + (below or $RANK_STEP))
    return numbered(
        call('ZREVRANGEBYSCORE', zset, top, whole(base), 'WITHSCORES', 'LIMIT', 0, count), base
    )
end

-- {id, push number} pairs of a listing, oldest first.
local function oldest_of(queue, status, after, count)
    local found = {}
    for _, stretch in ipairs(stretches_of(queue, status)) do
        local zset, base = unpack(stretch)
        local bottom, top = '(' .. whole(base + after), '(' .. whole(base + $RANK_STEP)
        local flat = call('ZRANGEBYSCORE', zset, bottom, top, 'WITHSCORES', 'LIMIT', 0, count)
        for _, one in ipairs(numbered(flat, base)) do
            found[#found + 1] = one
        end
    end
    table.sort(found, function(a, b) return a[2] < b[2] end)
    for i = #found, count + 1, -1 do
        found[i] = nil
    end
    return found
end

local function count_of(queue, status)
    if status ~= $WAITING then
        return call('ZCARD', key('status', status .. ':' .. queue))
    end
    local count = 0
    for _, lane in ipairs(call('HKEYS', key('lanes', queue))) do
        count = count + call('ZCARD', key('ready', line_of(queue, lane)))
    end
    return count
end
