-- Purpose: opens a line that was rebuilt.
-- KEYS: as prelude.lua
-- ARGV: 1 generation 2 lower bound of now 3 ticket that begin.lua gave 4 maxActive 5 batch 6 intervalMs 7 activeTtlMs
--   8 end of booking 9 abandonMs 10 noShowMs 11 idleMs 12 number up to which all entries are here, or empty
--   13… two per admission that the window can see: token id, instant
-- Returns: superseded | done, summary
-- Guarantee: all of it is there, or nothing: whatever emptied this Redis since begin.lua took the note of the rebuilding with
--   it. Everybody starts afresh with showing signs of life. A policy that changed meanwhile leaves the line suspended.

if redis.call('GET', rebuilding) ~= ARGV[1] .. ' ' .. serverId() then
  return { 'superseded' }
end
local isSuspended = (redis.call('GET', ticket) or '0') == ARGV[3] and '0' or '1'
redis.call('HSET', state, 'maxActive', ARGV[4], 'batch', ARGV[5], 'intervalMs', ARGV[6], 'activeTtlMs', ARGV[7],
  'closesAtMs', ARGV[8], 'abandonMs', ARGV[9], 'noShowMs', ARGV[10], 'idleMs', ARGV[11], 'isSuspended', isSuspended,
  'afreshAtMs', ARGV[2], 'server', serverId(), 'generation', ARGV[1])
if ARGV[12] ~= '' then
  redis.call('HSET', state, 'completeTo', ARGV[12])
end
for nth = 13, #ARGV, 2 do
  redis.call('ZADD', admissions, ARGV[nth + 1], ARGV[nth])
  noteInstant(tonumber(ARGV[nth + 1]))
end
redis.call('DEL', rebuilding, rebuilder)
return { 'done', summary(tonumber(ARGV[2])) }
