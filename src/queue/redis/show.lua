-- Purpose: lets recorded admissions take effect.
-- KEYS: as prelude.lua
-- ARGV: 1 generation 2 lower bound of now 3… three per token: id, admission, its end
-- Returns: emptied | moved | done, summary, list of those who went in with this call
-- Guarantee: only who still waits goes in, so that a late call revives nobody. All nodes are told. Idempotent. Under another
--   generation nothing need be done: whoever raised it has read the rows.

local refused = refusal(ARGV[1])
if refused then
  return refused
end
local lowerMs = tonumber(ARGV[2])
local shown = {}
for nth = 3, #ARGV, 3 do
  if admit(ARGV[nth], ARGV[nth + 1], ARGV[nth + 2], lowerMs) then
    shown[#shown + 1] = ARGV[nth]
  end
end
if #shown > 0 then
  redis.call('PUBLISH', events, 'ACTIVE ' .. table.concat(shown, ' '))
end
return { 'done', summary(lowerMs), shown }
