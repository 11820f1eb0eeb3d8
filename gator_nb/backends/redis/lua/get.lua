-- Records by id.
--
-- ARGV[2]  JSON list of tasks
--
-- Returns a JSON list with a record for each, or false.

--! include store
--! include tasks

local records = {}
for i, id in ipairs(cjson.decode(ARGV[2])) do
    records[i] = find(id) or false
end
return json(records)
