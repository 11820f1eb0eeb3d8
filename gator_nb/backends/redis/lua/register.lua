-- Store or replace a presence.
--
-- ARGV[2]  its id
-- ARGV[3]  JSON list of its fields
-- ARGV[4]  "1" when user code runs in its kernel, else "0"
-- ARGV[5]  its lease in seconds
--
-- Returns nothing.

--! include store
--! include registering

register(ARGV[2], ARGV[3], ARGV[4], ARGV[5])
