-- Open a store, and make it where there is none.
--
-- KEYS[1]  what every key of the store starts with, "{name}:"
-- ARGV[1]  the format that the caller writes
-- ARGV[2]  an id for a new store
--
-- Returns {"ok", the store's id, its format, the server's time}; or {"foreign", key, its type}, or
-- {"denied", "", command, command, ...} with nothing written; "&" are the store's channels.

local prefix = KEYS[1]
local META = prefix .. 'meta'
local PROBE = prefix .. 'probe'
local TYPES = {
    meta = 'hash', presences = 'hash', departed = 'hash', shared = 'hash', queues = 'set',
    holders = 'set', changes = 'zset', due = 'zset', expiring = 'zset', ended = 'zset',
    open = 'zset', calls = 'zset', renewed = 'zset', partial = 'zset', complete = 'zset',
    limits = 'hash', paused = 'set', unowned = 'zset', left = 'zset',
}

-- Harmless on a text: each is refused for its type, or reads, or leaves the text as it is. What
-- the user may not run is refused before that.
local COMMANDS = {
    {'append', PROBE, ''}, {'exists', PROBE}, {'get', PROBE}, {'getrange', PROBE, 0, 0},
    {'hdel', PROBE, 'a'}, {'hexists', PROBE, 'a'}, {'hget', PROBE, 'a'}, {'hgetall', PROBE},
    {'hincrby', PROBE, 'a', 1}, {'hkeys', PROBE}, {'hlen', PROBE}, {'hmget', PROBE, 'a'},
    {'hset', PROBE, 'a', 'b'}, {'info', 'server'}, {'publish', prefix .. 'probe', ''},
    {'sadd', PROBE, 'a'}, {'sismember', PROBE, 'a'}, {'smembers', PROBE}, {'srem', PROBE, 'a'}, {'time'},
    {'zadd', PROBE, 1, 'a'}, {'zcard', PROBE}, {'zrange', PROBE, 0, 0},
    {'zrangebyscore', PROBE, 0, 1}, {'zrem', PROBE, 'a'}, {'zrevrange', PROBE, 0, 0},
    {'zrevrangebyscore', PROBE, 1, 0},
    {'zscore', PROBE, 'a'}, {'type', PROBE}, {'unlink', PROBE}, {'del', PROBE},
}

local function is_denied(answer)
    local text = type(answer) == 'table' and answer.err or ''
    return text:find('permission') or text:find('NOPERM') or text:find('executing the script can')
end

local function denied_commands()
    local first = redis.pcall('SET', PROBE, 'probe')
    if is_denied(first) then
        return {'set'}
    end
    local denied = {}
    if first.err then
        return denied
    end
    for _, command in ipairs(COMMANDS) do
        local answer = redis.pcall(unpack(command))
        if is_denied(answer) then
            denied[#denied + 1] = answer.err:find('channel') and '&' or command[1]
        end
    end
    return denied
end

local function foreign_key()
    for name, expected in pairs(TYPES) do
        local found = redis.call('TYPE', prefix .. name).ok
        if found ~= 'none' and found ~= expected then
            return prefix .. name, found
        end
    end
end

local denied = denied_commands()
if denied[1] then
    return {'denied', '', unpack(denied)}
end
local foreign, kind = foreign_key()
if foreign then
    return {'foreign', foreign, kind}
end
local known = redis.call('HMGET', META, 'id', 'format', 'version', 'run')
local clock = redis.call('TIME')
local at = clock[1] .. '.' .. string.format('%06d', clock[2])
if not known[1] then
    if redis.call('EXISTS', META) == 1 then
        return {'foreign', META, 'hash'}
    end
    redis.call('HSET', META, 'id', ARGV[2], 'format', ARGV[1], 'seq', '0')
    known = {ARGV[2], ARGV[1], '0'}
end
local run = redis.call('INFO', 'server'):match('run_id:(%x+)') or ''
if known[4] ~= run then
    -- Microseconds since 1970, so that a cursor of a store that was here before, or of changes that
    -- another server had and lost, is below the floor.
    local start = clock[1] .. string.format('%06d', clock[2])
    if tonumber(start) <= tonumber(known[3]) then
        start = string.format('%.0f', tonumber(known[3]) + 1)
    end
    redis.call('HSET', META, 'run', run, 'up', at, 'version', start, 'floor', start)
end
return {'ok', known[1], known[2], at}
