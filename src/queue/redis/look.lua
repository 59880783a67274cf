-- Purpose: where do these tokens stand, and how is the line doing?
-- KEYS: as prelude.lua
-- ARGV: 1 lower bound of now 2 `sign` when it is one of their holders' life, else `look` 3… token ids, or none
-- Returns: emptied | looked, summary, one list per token: status, admission, its end, position from 1 or empty while entries
--   before it may be missing; an empty list for a
--   token that is not here
-- Guarantee: O(log n) per token. Changes nothing but signs of life. Idempotent.

if not heldGeneration() then
  return { 'emptied' }
end
local standings = {}
for nth = 3, #ARGV do
  local id = ARGV[nth]
  local told = toldOf(id)
  if ARGV[2] == 'sign' then
    if told[1] == 'WAITING' then
      redis.call('ZADD', seen, 'XX', 'GT', ARGV[1], id)
    elseif told[1] == 'ACTIVE' then
      redis.call('ZREM', unclaimed, id)
      redis.call('ZADD', quiet, 'GT', ARGV[1], id)
    end
  end
  standings[#standings + 1] = told
end
return { 'looked', summary(tonumber(ARGV[1])), standings }
