-- Purpose: hands out what is due without anybody asking, to whichever node asks first.
-- KEYS: as prelude.lua
-- ARGV: 1 generation 2 lower bound of now 3 how many of each kind at most 4 name of the node
--   5 how soon who is idle is handed out again (ms)
-- Returns: emptied | moved | due, summary, list of three per token: why, id, instant. Why is `over` (the time inside is;
--   instant of that), `closed` (booking is; instant of that), `missing` (no sign of life; 0), `idle` (inside, no sign of life
--   of late; 0) or `proposed` (an admission that
--   its node has not completed; its instant)
-- Guarantee: nothing is changed about anybody: PostgreSQL decides. What was handed out is handed out again a second later, or
--   after ARGV 5, or after its allowance where that is shorter, unless it was done, so neither a lost node nor a lost statement loses it, and nodes seldom do the same twice.

local refused = refusal(ARGV[1])
if refused then
  return refused
end
local lowerMs, limit = tonumber(ARGV[2]), tonumber(ARGV[3])
local terms = readTerms()
local due = {}

local function hand(why, id, instant)
  due[#due + 1] = why
  due[#due + 1] = id
  due[#due + 1] = instant
end

local function dueIn(key, untilMs)
  return redis.call('ZRANGE', key, '-inf', text(untilMs), 'BYSCORE', 'LIMIT', 0, limit)
end

local function handSilent(why, key, allowanceMs, againMs)
  if lowerMs - terms.afreshAtMs < allowanceMs then
    return
  end
  -- Not in the future, or no sign of life would count until then.
  local seenMs = math.min(lowerMs, lowerMs - allowanceMs + againMs)
  for _, id in ipairs(dueIn(key, lowerMs - allowanceMs)) do
    redis.call('ZADD', key, text(seenMs), id)
    hand(why, id, '0')
  end
end

for _, id in ipairs(dueIn(inside, lowerMs)) do
  local _, _, activeUntil = standingOf(id)
  redis.call('ZADD', inside, text(lowerMs + 1000), id)
  hand('over', id, activeUntil)
end
if lowerMs >= terms.closesAtMs and redis.call('ZCARD', line) > 0 then
  -- A whole line at once: one node at a time, or all of them would end the same ones.
  if terms.closerUntilMs <= lowerMs or redis.call('HGET', state, 'closer') == ARGV[4] then
    redis.call('HSET', state, 'closer', ARGV[4], 'closerUntilMs', text(lowerMs + 1000))
    for _, id in ipairs(redis.call('ZRANGE', line, 0, limit - 1)) do
      hand('closed', id, text(terms.closesAtMs))
    end
  end
else
  handSilent('missing', seen, terms.abandonMs, 1000)
end
handSilent('missing', unclaimed, terms.noShowMs, 1000)
-- A node that is older than this script has told no allowance.
if terms.idleMs > 0 then
  handSilent('idle', quiet, terms.idleMs, tonumber(ARGV[5]))
end
for _, id in ipairs(dueIn(proposed, lowerMs)) do
  redis.call('ZADD', proposed, text(lowerMs + 1000), id)
  hand('proposed', id, text(tonumber(redis.call('ZSCORE', admissions, id))))
end
return { 'due', summary(lowerMs), due }
