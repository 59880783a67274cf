-- Purpose: lets ends that PostgreSQL has recorded take effect.
-- KEYS: as prelude.lua
-- ARGV: 1 lower bound of now 2… three per token: id, status it ended with, instant of its end
-- Returns: emptied | done, summary
-- Guarantee: slot and place are free, and no later admission has an earlier instant than the end. The instant of its own
--   admission stays in the window. All nodes are told. A row that was read before the end cannot bring the token back for a
--   minute. Idempotent, under any generation: an end is for good.

if not heldGeneration() then
  return { 'emptied' }
end
local lowerMs = tonumber(ARGV[1])
local told = {}
for nth = 2, #ARGV, 3 do
  local id, status, endedAt = ARGV[nth], ARGV[nth + 1], ARGV[nth + 2]
  redis.call('ZADD', gone, text(lowerMs), id)
  local record = redis.call('HGET', tokens, id)
  if record then
    local userId = string.match(record, '^%S+')
    advanceTurnover(lowerMs)
    if redis.call('ZREM', inside, id) == 1 then
      redis.call('HINCRBY', state, 'departures', 1)
    end
    for _, key in ipairs({ line, proposed, seen, unclaimed, quiet }) do
      redis.call('ZREM', key, id)
    end
    redis.call('HDEL', tokens, id)
    if redis.call('HGET', users, userId) == id then
      redis.call('HDEL', users, userId)
    end
    noteInstant(math.ceil(tonumber(endedAt)))
    told[#told + 1] = status .. ' ' .. id .. ' ' .. endedAt
  end
end
if #told > 0 then
  redis.call('PUBLISH', events, table.concat(told, '\n'))
end
return { 'done', summary(lowerMs) }
