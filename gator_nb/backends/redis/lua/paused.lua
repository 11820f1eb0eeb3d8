-- The queues that are paused.
--
-- Returns a list of them.

--! include store

return call('SMEMBERS', prefix .. 'paused')
