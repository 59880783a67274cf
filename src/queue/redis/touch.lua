-- Purpose: who is this? The one look-up of a request with a queue token. Notes a sign of life of its holder.
-- KEYS: 1 state 2 tokens 3 seen 4 unclaimed 5 quiet, as prelude.lua describes them (it does not stand before this script)
-- ARGV: 1 token id 2 lower bound of now
-- Returns: emptied | unknown (this Redis does not have the token, which says nothing) | known, status, admission, its end,
--   end of booking
-- Guarantee: O(log n). Who waits or is inside was seen at ARGV 2 at least; who is inside is no no-show any more. Idempotent.

local terms = redis.call('HMGET', KEYS[1], 'generation', 'closesAtMs')
if not terms[1] then
  return { 'emptied' }
end
local id = ARGV[1]
local record = redis.call('HGET', KEYS[2], id)
if not record then
  return { 'unknown' }
end
local activatedAt, activeUntil = string.match(record, ' (%d+) (%d+)$')
if activatedAt then
  redis.call('ZREM', KEYS[4], id)
  redis.call('ZADD', KEYS[5], 'GT', ARGV[2], id)
  return { 'known', 'ACTIVE', activatedAt, activeUntil, terms[2] }
end
redis.call('ZADD', KEYS[3], 'XX', 'GT', ARGV[2], id)
return { 'known', 'WAITING', '', '', terms[2] }
