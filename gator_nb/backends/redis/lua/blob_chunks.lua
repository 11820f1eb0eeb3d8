-- How many chunks a blob has.
--
-- ARGV[2]  the blob
--
-- Returns the number; nil when it is not complete.

--! include store

return call('HGET', key('blob', ARGV[2]), 'chunks')
