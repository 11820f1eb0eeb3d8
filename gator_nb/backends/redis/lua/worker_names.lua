-- The names of workers that left.
--
-- Returns a list of JSON lists of id and name, the last to leave at the end.

--! include store

return call('ZRANGE', prefix .. 'left', 0, -1)
