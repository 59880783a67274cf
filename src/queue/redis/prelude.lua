-- Purpose: stands before every script but touch.lua. Names the keys of one concert's line, tells whether this Redis still
--   holds it, and has what several scripts do alike.
-- KEYS: 1 state (hash) 2 line (who waits, by entry number) 3 tokens (hash: user, and for who is inside admission and its end)
--   4 users (hash: token of who is inside) 5 inside (by when to look whether their time is over) 6 proposed (admissions being
--   recorded, by when others take them up) 7 admissions (tokens by instant of admission) 8 seen (who waits, by last sign of
--   life) 9 unclaimed (who is inside and has asked for nothing, by admission) 10 quiet (who is inside, by last sign of life)
--   11 whole (ranges of numbers behind a gap all of whose entries are here: the last ones, by the first) 12 gone (ended of
--   late, by when) 13 ticket (counts changes of policy) 14 rebuilder (who rebuilds) 15 rebuilding (generation and server of
--   the rebuilding) 16 events (the channel). All have one hash tag.
-- ARGV: as each script says. Instants are epoch milliseconds of the database's clock; no script reads a clock.
-- Returns: nothing by itself. Scripts return a list whose first element is a word that says what came of it.
-- Guarantee: writes nothing by itself.

local state, line, tokens, users, inside, proposed, admissions, seen, unclaimed, quiet, whole, gone, ticket, rebuilder, rebuilding, events =
  unpack(KEYS)

-- Redis would write large numbers with an exponent.
local function text(number)
  return string.format('%.0f', number)
end

-- A server that was restarted or took over from another one has a new id, and may lack the newest writes.
local function serverId()
  return string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
end

-- The generation under which this Redis holds the line; nil when it does not hold all of it.
local function heldGeneration()
  local held = redis.call('HMGET', state, 'generation', 'server')
  if held[1] and held[2] == serverId() then
    return held[1]
  end
  return nil
end

-- What to answer instead of doing anything under another generation; nil when there is no reason.
local function refusal(generation)
  local held = heldGeneration()
  if not held then
    return { 'emptied' }
  end
  if held ~= generation then
    return { 'moved' }
  end
  return nil
end

-- No later instant of admission is before `ms`.
local function noteInstant(ms)
  if ms > (tonumber(redis.call('HGET', state, 'latest')) or 0) then
    redis.call('HSET', state, 'latest', text(ms))
  end
end

local function readTerms()
  local names = {
    'generation', 'maxActive', 'batch', 'intervalMs', 'activeTtlMs', 'closesAtMs',
    'afreshAtMs', 'abandonMs', 'noShowMs', 'idleMs', 'closerUntilMs', 'isSuspended', 'latest', 'gapTo', 'completeTo',
  }
  local values = redis.call('HMGET', state, unpack(names))
  local terms = {}
  for nth, name in ipairs(names) do
    terms[name] = tonumber(values[nth]) or 0
  end
  terms.isPaused = terms.batch == 0 or terms.maxActive == 0
  return terms
end

-- How many were admitted after `ms`, those being recorded included.
local function countAdmittedAfter(ms)
  return redis.call('ZCOUNT', admissions, '(' .. text(ms), '+inf')
end

local function firstScore(key)
  return tonumber(redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2])
end

-- When something is next to be done without anybody asking; infinite when never.
local function nextWakeMs(terms, lowerMs, waiting, active)
  local wakeMs = math.huge
  local function wakeAt(ms)
    if ms and ms < wakeMs then
      wakeMs = ms
    end
  end
  wakeAt(firstScore(inside))
  wakeAt(firstScore(proposed))
  local absentMs = firstScore(seen)
  wakeAt(absentMs and math.max(absentMs, terms.afreshAtMs) + terms.abandonMs)
  local admittedMs = firstScore(unclaimed)
  wakeAt(admittedMs and math.max(admittedMs, terms.afreshAtMs) + terms.noShowMs)
  local heardMs = firstScore(quiet)
  wakeAt(heardMs and terms.idleMs > 0 and math.max(heardMs, terms.afreshAtMs) + terms.idleMs)
  if waiting == 0 then
    return wakeMs
  end
  if lowerMs >= terms.closesAtMs then
    wakeAt(math.max(terms.closesAtMs, terms.closerUntilMs))
    return wakeMs
  end
  wakeAt(terms.closesAtMs)
  local pending = redis.call('ZCARD', proposed)
  if terms.isSuspended == 0 and not terms.isPaused and pending == 0 and active < terms.maxActive then
    local bound = redis.call('ZRANGE', admissions, terms.batch - 1, terms.batch - 1, 'REV', 'WITHSCORES')[2]
    wakeAt(bound and tonumber(bound) + terms.intervalMs or 0)
  end
  return wakeMs
end

local turnoverWindowMs = 120000

-- What turnover.ts counts, for `active` tokens inside since the last change.
local function turnoverAt(active, lowerMs)
  local names = { 'turnoverAtMs', 'departures', 'insideMs', 'formerDepartures', 'formerInsideMs' }
  local values = redis.call('HMGET', state, unpack(names))
  local turnover = {}
  for nth, name in ipairs(names) do
    turnover[name] = tonumber(values[nth]) or 0
  end
  -- A line that an older node rebuilt does not have it.
  local atMs = turnover.turnoverAtMs > 0 and turnover.turnoverAtMs or lowerMs
  local function endOf(ms)
    return (math.floor(ms / turnoverWindowMs) + 1) * turnoverWindowMs
  end
  while endOf(atMs) <= lowerMs do
    turnover.formerDepartures, turnover.formerInsideMs = turnover.departures, turnover.insideMs + active * (endOf(atMs) - atMs)
    turnover.departures, turnover.insideMs = 0, 0
    atMs = math.max(endOf(atMs), endOf(lowerMs) - 3 * turnoverWindowMs)
  end
  turnover.insideMs = turnover.insideMs + active * math.max(0, lowerMs - atMs)
  turnover.turnoverAtMs = math.max(atMs, lowerMs)
  return turnover
end

-- To be called before the number of tokens inside changes.
local function advanceTurnover(lowerMs)
  local fields = {}
  for name, value in pairs(turnoverAt(redis.call('ZCARD', inside), lowerMs)) do
    fields[#fields + 1] = name
    fields[#fields + 1] = text(value)
  end
  redis.call('HSET', state, unpack(fields))
end

-- What every node should know of the line, as names and values in turn.
local function summary(lowerMs)
  local terms = readTerms()
  local waiting, active = redis.call('ZCARD', line), redis.call('ZCARD', inside)
  local turnover = turnoverAt(active, lowerMs)
  local wakeMs = nextWakeMs(terms, lowerMs, waiting, active)
  local told = {
    'generation', text(terms.generation), 'waiting', text(waiting), 'active', text(active),
    'maxActive', text(terms.maxActive), 'batch', text(terms.batch), 'intervalMs', text(terms.intervalMs),
    'activeTtlMs', text(terms.activeTtlMs), 'closesAtMs', text(terms.closesAtMs),
    'isSuspended', text(terms.isSuspended), 'latestMs', text(terms.latest), 'pending', text(redis.call('ZCARD', proposed)),
    'departures', text(turnover.departures + turnover.formerDepartures), 'insideMs', text(turnover.insideMs + turnover.formerInsideMs),
  }
  if terms.gapTo > 0 then
    for _, word in ipairs({ 'completeTo', text(terms.completeTo), 'gapTo', text(terms.gapTo) }) do
      told[#told + 1] = word
    end
  end
  if wakeMs < math.huge then
    told[#told + 1] = 'wakeMs'
    told[#told + 1] = text(wakeMs)
  end
  return told
end

-- Status, admission and its end of a token, and how many wait before it; nil when it is not here, or waits nowhere in the line.
local function standingOf(id)
  local record = redis.call('HGET', tokens, id)
  if not record then
    return nil
  end
  local activatedAt, activeUntil = string.match(record, ' (%d+) (%d+)$')
  if activatedAt then
    return 'ACTIVE', activatedAt, activeUntil, -1
  end
  local ahead = redis.call('ZRANK', line, id)
  if ahead then
    return 'WAITING', '', '', ahead
  end
  return nil
end

local firstGap

-- Whether entries before this token, which waits, may be missing.
local function isBehindGap(id)
  firstGap = firstGap or redis.call('HMGET', state, 'completeTo', 'gapTo')
  return (tonumber(firstGap[2]) or 0) > 0 and tonumber(redis.call('ZSCORE', line, id)) > tonumber(firstGap[1])
end

-- What look.lua and put.lua tell of a token: status, admission, its end, position from 1; nothing when it is not here. The
-- position is empty while entries before it may be missing.
local function toldOf(id)
  local status, activatedAt, activeUntil, ahead = standingOf(id)
  if not status then
    return {}
  end
  if status == 'WAITING' and isBehindGap(id) then
    return { status, activatedAt, activeUntil, '' }
  end
  return { status, activatedAt, activeUntil, text(ahead + 1) }
end

-- Lets who waits in. False when the token does not wait here.
local function admit(id, activatedAt, activeUntil, lowerMs)
  redis.call('ZREM', proposed, id)
  if redis.call('ZREM', line, id) == 0 then
    return false
  end
  local userId = redis.call('HGET', tokens, id)
  redis.call('ZREM', seen, id)
  redis.call('HSET', tokens, id, userId .. ' ' .. activatedAt .. ' ' .. activeUntil)
  redis.call('HSET', users, userId, id)
  advanceTurnover(lowerMs)
  redis.call('ZADD', inside, activeUntil, id)
  redis.call('ZADD', unclaimed, text(lowerMs), id)
  redis.call('ZADD', quiet, text(lowerMs), id)
  redis.call('ZADD', admissions, activatedAt, id)
  return true
end

-- Takes in what the row of a live token says: `row` is its position in ARGV. True when that changed anything.
local function takeIn(row, lowerMs)
  local id, userId, no, issuedAt, activatedAt, activeUntil = unpack(ARGV, row, row + 5)
  -- It ended after the row was read.
  if redis.call('ZSCORE', gone, id) then
    return false
  end
  local status = standingOf(id)
  if status == 'ACTIVE' or (status == 'WAITING' and activatedAt == '') then
    return false
  end
  if not status then
    redis.call('HSET', tokens, id, userId)
    redis.call('ZADD', line, no, id)
    redis.call('ZADD', seen, text(lowerMs), id)
    noteInstant(tonumber(issuedAt))
  end
  if activatedAt ~= '' then
    admit(id, activatedAt, activeUntil, lowerMs)
    noteInstant(tonumber(activatedAt))
  end
  return true
end
