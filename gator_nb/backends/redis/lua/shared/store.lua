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

-- What a verb has touched, for flush and commit.
local topics = {}
local words = '' -- what is said with the news; nothing: who hears them asks
local indexed = {}
local filled_lines = {}
local drained_lines = {}
local touched_holders = {}
local filled_queues = {}
local counted = {}

local PART = 1000 -- arguments of one command: Lua's stack takes some 8000

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

-- So many more for a field of a hash of counters; it goes when none are left.
local function count(hash, field, change)
    local changes = counted[hash]
    if not changes then
        changes = {}
        counted[hash] = changes
    end
    changes[field] = (changes[field] or 0) + change
end

-- So many more tasks of a lane have not ended.
local function count_lane(queue, lane, change)
    count(key('lanes', queue), lane, change)
end

-- Put a member into a sorted set, or with false take it out: at the next flush, so that many
-- changes of one set are one command.
local function index(zset, member, score)
    local changes = indexed[zset]
    if not changes then
        changes = {}
        indexed[zset] = changes
    end
    changes[member] = score
end

local writes = false

-- A server that is out of memory refuses a script only until its first write, and only what could
-- take more: so that work can go on and end, the first write of such a script takes none.
local function begin_to_write()
    if not writes then
        call('HDEL', META, '')
        writes = true
    end
end

local function in_parts(command, name, list)
    for i = 1, #list, PART do
        call(command, name, unpack(list, i, math.min(i + PART - 1, #list)))
    end
end

local function write_index(zset, changes)
    local added, removed = {}, {}
    for member, score in pairs(changes) do
        if score then
            added[#added + 1] = score
            added[#added + 1] = member
        else
            removed[#removed + 1] = member
        end
    end
    in_parts('ZADD', zset, added)
    in_parts('ZREM', zset, removed)
end

local function write_counts(hash, changes)
    for field, change in pairs(changes) do
        if change ~= 0 and call('HINCRBY', hash, field, change) <= 0 then
            call('HDEL', hash, field)
        end
    end
end

local function write_lines()
    for line in pairs(filled_lines) do
        call('ZADD', prefix .. 'open', 'NX', whole(version), line)
    end
    for line in pairs(drained_lines) do
        if call('EXISTS', key('ready', line)) == 0 then
            call('ZREM', prefix .. 'open', line)
        end
    end
end

-- Write what was indexed. A verb that reads an index after it has changed tasks calls it before.
local function flush()
    for zset, changes in pairs(indexed) do
        write_index(zset, changes)
    end
    for hash, changes in pairs(counted) do
        write_counts(hash, changes)
    end
    write_lines()
    for worker in pairs(touched_holders) do
        local holds = call('EXISTS', key('held', worker)) == 1
        call(holds and 'SADD' or 'SREM', prefix .. 'holders', worker)
    end
    for queue in pairs(filled_queues) do
        call('SADD', prefix .. 'queues', queue)
    end
    indexed, counted, filled_lines, drained_lines = {}, {}, {}, {}
    touched_holders, filled_queues = {}, {}
end

-- Called once at the end: writes what is left to write, and wakes who listens.
local function commit()
    flush()
    if version ~= found_version then
        call('HSET', META, 'version', whole(version), 'seq', whole(seq))
    end
    for topic in pairs(topics) do
        call('PUBLISH', prefix .. topic, topic == 'news' and words or '')
    end
end
