-- How many tasks there are by queue and status.
--
-- ARGV[2]  JSON list of queues; empty for all
--
-- Returns a flat list: queue, status, number, and so on, without zeros.

--! include store
--! include listing

local queues = cjson.decode(ARGV[2])
if #queues == 0 then
    queues = call('SMEMBERS', prefix .. 'queues')
end
local found = {}
for _, queue in ipairs(queues) do
    for status = 0, 7 do
        local count = count_of(queue, status)
        if count > 0 then
            found[#found + 1] = queue
            found[#found + 1] = status
            found[#found + 1] = count
        end
    end
end
return found
