-- What changed since a version.
--
-- ARGV[2]  the version; "" to learn the present one
-- ARGV[3]  how many records at most
--
-- Returns {JSON list of records, the next cursor, 1 when the caller must list anew}.

--! include store
--! include tasks

local cursor, limit = tonumber(ARGV[2]), tonumber(ARGV[3])
local floor = tonumber(call('HGET', META, 'floor'))
if not cursor or cursor < floor or cursor > version then
    return {'[]', whole(version), 1}
end
local after = '(' .. whole(cursor)
local ids = call('ZRANGEBYSCORE', prefix .. 'changes', after, '+inf', 'LIMIT', 0, limit)
local records = {}
for i, id in ipairs(ids) do
    records[i] = find(id)
end
local last = ids[1] and #ids == limit and records[#ids].version
return {json(records), last or whole(version), 0}
