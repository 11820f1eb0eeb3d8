-- Since when this server has had the store, as far as the store has seen. After a restart or a
-- failover the newest changes may be gone, and their versions be given out again: so all that is
-- numbered from here on is above them, and who follows the changes lists anew.
local function up_since()
    local run = call('INFO', 'server'):match('run_id:(%x+)') or ''
    local known = call('HMGET', META, 'run', 'up')
    if known[1] == run then
        return tonumber(known[2])
    end
    begin_to_write()
    local clock = call('TIME')
    version = math.max(version, tonumber(clock[1]) * 1000000 + tonumber(clock[2]))
    call('HSET', META, 'run', run, 'up', at, 'floor', stamp())
    return now
end
