-- Purpose: adds tokens to a line that is being rebuilt.
-- KEYS: as prelude.lua
-- ARGV: 1 generation 2 lower bound of now 3 name of the node 4 how long it may take until the next call (ms)
--   5… six per token, as in put.lua
-- Returns: superseded | done
-- Guarantee: adds only to what begin.lua began on this very server and nothing has emptied since. Idempotent.

if redis.call('GET', rebuilding) ~= ARGV[1] .. ' ' .. serverId() then
  return { 'superseded' }
end
if redis.call('GET', rebuilder) == ARGV[3] then
  redis.call('PEXPIRE', rebuilder, ARGV[4])
end
for row = 5, #ARGV, 6 do
  takeIn(row, tonumber(ARGV[2]))
end
return { 'done' }
