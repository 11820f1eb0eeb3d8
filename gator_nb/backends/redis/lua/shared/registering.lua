-- Who is there.

local function register(id, presence, kernel, lease)
    begin_to_write()
    local order = call('HGET', prefix .. 'presences', id)
    order = order and order:match('^%d+') or whole(call('HINCRBY', META, 'presences', 1))
    local told = table.concat({order, lease, kernel, presence}, ' ')
    call('HSET', prefix .. 'presences', id, told)
    call('HDEL', prefix .. 'departed', id)
    call('ZADD', prefix .. 'renewed', at, id)
end
