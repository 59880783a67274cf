-- Purpose: begins to rebuild a line that this Redis lost, under a generation that PostgreSQL has already raised.
-- KEYS: as prelude.lua
-- ARGV: 1 generation
-- Returns: begun, ticket | superseded (a rebuilding or a line of a higher generation is here)
-- Guarantee: until finish.lua every other script answers `emptied`. An older rebuilding can add nothing from here on.

local generation = tonumber(ARGV[1])
local held = tonumber(heldGeneration())
local begun = tonumber(string.match(redis.call('GET', rebuilding) or '', '^%d+'))
if (held and held >= generation) or (begun and begun > generation) then
  return { 'superseded' }
end
redis.call('DEL', state)
redis.call('UNLINK', line, tokens, users, inside, proposed, admissions, seen, unclaimed, quiet, whole, gone)
redis.call('SET', rebuilding, ARGV[1] .. ' ' .. serverId())
return { 'begun', redis.call('GET', ticket) or '0' }
