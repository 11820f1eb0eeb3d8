-- Which of these blobs are not complete; the others are touched.
--
-- ARGV[2]  JSON list of blobs
--
-- Returns a list with 1 for each that is not complete, 0 for each that is.

--! include store
--! include blobs

local there, missing = {}, {}
for i, name in ipairs(cjson.decode(ARGV[2])) do
    missing[i] = is_whole(name) and 0 or 1
    if missing[i] == 0 then
        there[#there + 1] = name
    end
end
if there[1] then
    begin_to_write()
    for _, name in ipairs(there) do
        touch(name)
    end
    stamp()
    commit()
end
return missing
