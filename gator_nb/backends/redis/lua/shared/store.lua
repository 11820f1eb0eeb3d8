-- The keys, the time and the counters of one store. Every verb includes it first.
--
-- KEYS[1]  what every key of the store starts with, "{name}:"
-- ARGV[1]  a time to go by in place of the server's, given by tests; else ""

local call = redis.call
local prefix = KEYS[1]
local META = prefix .. 'meta'

local at = ARGV[1]
if at == '' then
    local clock = call('TIME')
    at = clock[1] .. '.' .. string.format('%06d', clock[2])
end
local now = tonumber(at)

local counters = call('HMGET', META, 'version', 'seq')
if not counters[1] then
    return redis.error_reply('EMPTIED the store is gone from the server')
end
local version, seq = tonumber(counters[1]), tonumber(counters[2])
local found_version = version

-- What a verb has touched, for commit.
local topics = {}
local drained_lines = {}
local touched_holders = {}
local filled_queues = {}
local lane_changes = {}

local function key(kind, name)
    return prefix .. kind .. ':' .. name
end

-- tostring and cjson would round what has more than 14 digits.
local function whole(number)
    return string.format('%.0f', number)
end

-- The next version, for a task that is about to change.
local function stamp()
    version = version + 1
    return whole(version)
end

-- The name of a queue's lane; the length keeps any two pairs apart.
local function line_of(queue, lane)
    return #queue .. ':' .. queue .. lane
end

local function queue_and_lane(line)
    local length, rest = line:match('^(%d+):(.*)')
    return rest:sub(1, tonumber(length)), rest:sub(tonumber(length) + 1)
end

-- So many more tasks of a lane have not ended.
local function count_lane(queue, lane, change)
    local lanes = lane_changes[queue] or {}
    lanes[lane] = (lanes[lane] or 0) + change
    lane_changes[queue] = lanes
end

-- Called once at the end: writes the counters back, tidies, and wakes who listens.
local function commit()
    if version ~= found_version then
        call('HSET', META, 'version', whole(version), 'seq', whole(seq))
    end
    for queue, lanes in pairs(lane_changes) do
        for lane, change in pairs(lanes) do
            if change ~= 0 and call('HINCRBY', key('lanes', queue), lane, change) <= 0 then
                call('HDEL', key('lanes', queue), lane)
            end
        end
    end
    for line in pairs(drained_lines) do
        if call('EXISTS', key('ready', line)) == 0 then
            call('ZREM', prefix .. 'open', line)
        end
    end
    for worker in pairs(touched_holders) do
        local holds = call('EXISTS', key('held', worker)) == 1
        call(holds and 'SADD' or 'SREM', prefix .. 'holders', worker)
    end
    for queue in pairs(filled_queues) do
        call('SADD', prefix .. 'queues', queue)
    end
    for topic in pairs(topics) do
        call('PUBLISH', prefix .. topic, '')
    end
end
