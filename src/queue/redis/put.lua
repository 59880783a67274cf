-- Purpose: lets tokens that PostgreSQL has recorded as live take their places.
-- KEYS: as prelude.lua
-- ARGV: 1 generation 2 lower bound of now 3 how many ranges 4… two per range of numbers of which every recorded entry is here
--   with this call: first, last; then six per token: id, user, number, issue, admission, its end (the last two empty for who
--   waits)
-- Returns: emptied | moved | done, summary, list of those who went in with this call, one list per token as in look.lua
-- Guarantee: a token stands by its number, whenever it comes; one that has ended, or stands there, is left as it is. Who
--   waited meanwhile and is recorded as ACTIVE goes in, and all nodes are told. Idempotent. Under another generation nothing is done, and nothing
--   need be: whoever raised it has read the rows.

local refused = refusal(ARGV[1])
if refused then
  return refused
end
local lowerMs = tonumber(ARGV[2])
local firstRow = 4 + 2 * tonumber(ARGV[3])

-- Takes over which numbers are whole, and where the first gap is.
local function noteWhole()
  local completeTo = tonumber(redis.call('HGET', state, 'completeTo'))
  -- A line that was rebuilt by an older node does not tell.
  if not completeTo or firstRow == 4 then
    return
  end
  for nth = 4, firstRow - 2, 2 do
    if tonumber(ARGV[nth + 1]) > completeTo then
      redis.call('ZADD', whole, ARGV[nth], ARGV[nth + 1])
    end
  end
  local lowest = redis.call('ZRANGE', whole, 0, 0, 'WITHSCORES')
  while lowest[1] and tonumber(lowest[2]) <= completeTo + 1 do
    completeTo = math.max(completeTo, tonumber(lowest[1]))
    redis.call('ZREM', whole, lowest[1])
    lowest = redis.call('ZRANGE', whole, 0, 0, 'WITHSCORES')
  end
  redis.call('HSET', state, 'completeTo', text(completeTo), 'gapTo', lowest[1] and text(tonumber(lowest[2]) - 1) or '0')
end

local admitted = {}
for row = firstRow, #ARGV, 6 do
  if takeIn(row, lowerMs) and ARGV[row + 4] ~= '' then
    admitted[#admitted + 1] = ARGV[row]
  end
end
if #admitted > 0 then
  redis.call('PUBLISH', events, 'ACTIVE ' .. table.concat(admitted, ' '))
end
noteWhole()
-- Once all of them are in their places: one of them may stand before another that came first.
local standings = {}
for row = firstRow, #ARGV, 6 do
  standings[#standings + 1] = toldOf(ARGV[row])
end
return { 'done', summary(lowerMs), admitted, standings }
