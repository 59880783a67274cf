-- Purpose: decides who may go in now. Nobody is in yet: PostgreSQL has to record it first.
-- KEYS: as prelude.lua
-- ARGV: 1 generation 2 lower bound of now 3 upper bound of now 4 how many at most
-- Returns: emptied | moved | proposed, summary, instant of admission, its end, list of token ids in order of entry
-- Guarantee: proposals count against cap and window from here on. They are made in order of number, one round at a time for
--   all nodes, so that no round can be recorded while an earlier one is lost. Their instant is neither before that of an earlier admission nor before the end that freed the slot. The window holds for these instants
--   whatever the nodes' bounds are: a proposal is made only when the batch-th last instant is an interval older than
--   ARGV 2, and its own instant is ARGV 3 or later. Whoever decides next, on any node, sees it.

local refused = refusal(ARGV[1])
if refused then
  return refused
end
local lowerMs, upperMs = tonumber(ARGV[2]), tonumber(ARGV[3])
local terms = readTerms()
local pending = redis.call('ZCARD', proposed)
local room = 0
if pending == 0 and terms.isSuspended == 0 and not terms.isPaused and lowerMs < terms.closesAtMs then
  room = math.min(
    terms.maxActive - redis.call('ZCARD', inside),
    terms.batch - countAdmittedAfter(lowerMs - terms.intervalMs),
    tonumber(ARGV[4])
  )
end
local ids = {}
local atMs = math.max(upperMs, terms.latest)
if room > 0 then
  ids = redis.call('ZRANGE', line, 0, room - 1)
  for _, id in ipairs(ids) do
    redis.call('ZADD', proposed, text(lowerMs + 1000), id)
    redis.call('ZADD', admissions, text(atMs), id)
  end
end
if #ids > 0 then
  noteInstant(atMs)
end
return { 'proposed', summary(lowerMs), text(atMs), text(atMs + terms.activeTtlMs), ids }
