-- Purpose: takes over the policy that PostgreSQL has.
-- KEYS: as prelude.lua
-- ARGV: 1 ticket of the suspension before which the policy was not read 2 lower bound of now 3 maxActive 4 batch
--   5 intervalMs 6 activeTtlMs 7 end of booking 8… two per admission that its window can see: token id, instant
-- Returns: emptied | changed (again, since the ticket) | done, summary
-- Guarantee: the newest policy wins, whoever brings it; admissions under the old one count in the new window. Idempotent.

if not heldGeneration() then
  return { 'emptied' }
end
if redis.call('GET', ticket) ~= ARGV[1] then
  return { 'changed' }
end
redis.call('HSET', state, 'maxActive', ARGV[3], 'batch', ARGV[4], 'intervalMs', ARGV[5], 'activeTtlMs', ARGV[6],
  'closesAtMs', ARGV[7], 'isSuspended', '0')
for nth = 8, #ARGV, 2 do
  redis.call('ZADD', admissions, ARGV[nth + 1], ARGV[nth])
end
return { 'done', summary(tonumber(ARGV[2])) }
