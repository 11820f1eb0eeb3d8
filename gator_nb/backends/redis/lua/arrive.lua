-- Called once on each new connection to an open store: it may lead to another server than before.
--
-- Returns the time since when this server has had the store.

--! include store
--! include arriving

local up = up_since()
commit()
return tostring(up)
