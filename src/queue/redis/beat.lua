-- Purpose: once a second from every node that knows the line: brings its settings, forgets what is old, and gives one node
--   the task of comparing the line with PostgreSQL.
-- KEYS: as prelude.lua
-- ARGV: 1 lower bound of now 2 name of the node 3 how long who waits may be silent 4 how long who was let in may be
--   5 how long who is inside may be 6 `afresh` when holders may have been unable to show signs of life, else `heard`
-- Returns: emptied | beat, summary, `yours` or `another`
-- Guarantee: nobody is missing for what they could not do while the node or this Redis was away. Admissions that the
--   window can see are kept. Idempotent.

if not heldGeneration() then
  return { 'emptied' }
end
local lowerMs = tonumber(ARGV[1])
redis.call('HSET', state, 'abandonMs', ARGV[3], 'noShowMs', ARGV[4], 'idleMs', ARGV[5])
if ARGV[6] == 'afresh' then
  redis.call('HSET', state, 'afreshAtMs', ARGV[1])
end
redis.call('ZREMRANGEBYSCORE', gone, '-inf', text(lowerMs - 60000))
local terms = readTerms()
local old = redis.call('ZCOUNT', admissions, '-inf', text(lowerMs - math.max(300000, terms.intervalMs)))
local spare = math.min(old, redis.call('ZCARD', admissions) - terms.batch)
if spare > 0 then
  redis.call('ZREMRANGEBYRANK', admissions, 0, spare - 1)
end
local whose = 'another'
local task = redis.call('HMGET', state, 'reconciler', 'reconcilerUntilMs')
if task[1] == ARGV[2] or (tonumber(task[2]) or 0) <= lowerMs then
  redis.call('HSET', state, 'reconciler', ARGV[2], 'reconcilerUntilMs', text(lowerMs + 2500))
  whose = 'yours'
end
return { 'beat', summary(lowerMs), whose }
