-- Purpose: takes proposals back that certainly were not and will not be recorded.
-- KEYS: as prelude.lua
-- ARGV: 1 generation 2 lower bound of now 3… two per token: id, proposed instant
-- Returns: emptied | moved | done, summary
-- Guarantee: slot and share of the window are free again. An admission at another instant is left alone. Idempotent.

local refused = refusal(ARGV[1])
if refused then
  return refused
end
for nth = 3, #ARGV, 2 do
  local id = ARGV[nth]
  redis.call('ZREM', proposed, id)
  if tonumber(redis.call('ZSCORE', admissions, id) or nil) == tonumber(ARGV[nth + 1]) then
    redis.call('ZREM', admissions, id)
  end
end
return { 'done', summary(tonumber(ARGV[2])) }
