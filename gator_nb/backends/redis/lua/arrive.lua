-- Called once on each new connection to an open store: it may lead to another server than before,
-- or to one that has lost who was registered.
--
-- ARGV[2]  JSON list of what `register` was told of each presence of the caller
--
-- Returns the time since when this server has had the store.

--! include store
--! include arriving
--! include registering

local up = up_since()
for _, told in ipairs(cjson.decode(ARGV[2])) do
    if call('HEXISTS', prefix .. 'presences', told[1]) == 0 then
        register(unpack(told))
    end
end
commit()
return tostring(up)
