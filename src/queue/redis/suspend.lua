-- Purpose: a policy was changed in PostgreSQL: nobody is admitted until it is known here.
-- KEYS: as prelude.lua
-- ARGV: none
-- Returns: suspended, ticket
-- Guarantee: a policy that was read before this call is not adopted after it, also not by a rebuilding that is under way.

local number = redis.call('INCR', ticket)
if redis.call('HEXISTS', state, 'generation') == 1 then
  redis.call('HSET', state, 'isSuspended', '1')
end
return { 'suspended', text(number) }
