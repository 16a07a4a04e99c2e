// The scripts that Redis runs for us. Rule: each of them does its work whole or not at all, by the clock of Redis; all keys of one call lie
// together, but for those of BORROW, OCCUPY and RENEW, of which each is judged by itself.
import { createHash } from 'node:crypto';

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
`;

/** KEYS: buckets. ARGV, for each of them: interval, burst, spent, need, more. See lend.ts. */
export const BORROW: string = `${NOW}
local loans = {}
for i = 1, #KEYS do
  local at = (i - 1) * 5
  local interval, burst = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local spent, need, more = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5])
  local all = interval * burst
  local paid = tonumber(redis.call('GET', KEYS[i]) or '0')
  if paid < now then paid = now end
  if paid > now + 2 * all then paid = now + all end
  paid = paid + spent * interval
  local left = math.max(0, math.floor((now + all - paid) / interval + 0.001))
  local granted = math.min(need, left)
  granted = granted + math.min(more, math.floor((left - granted) / 2))
  paid = paid + granted * interval
  local rest = math.max(0, math.floor((now + all - paid) / interval + 0.001))
  local retry = 0
  if rest == 0 then retry = paid + interval - now - all end
  if spent + granted > 0 then
    redis.call('SET', KEYS[i], string.format('%.4f', paid), 'PX', string.format('%.0f', math.ceil(paid - now) + 1))
  end
  loans[i] = string.format('%.0f %.0f %.3f %.3f', granted, rest, paid - now, retry)
end
return loans
`;

/** KEYS: rooms. ARGV: how long, owner; most, taken, need, more for each of them. See occupy.ts. */
export const OCCUPY: string = `${NOW}
local found = {}
for i = 1, #KEYS do
  local at = (i - 1) * 4 + 2
  local most, taken = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local need, more = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
  local others = 0
  local all = redis.call('HGETALL', KEYS[i])
  for j = 1, #all, 2 do
    if all[j] ~= ARGV[2] then
      local held, until_ = string.match(all[j + 1], '^(%d+) (%d+)$')
      if tonumber(until_) <= now then redis.call('HDEL', KEYS[i], all[j]) else others = others + tonumber(held) end
    end
  end
  local free = math.max(0, most - others - taken)
  local granted = math.min(need, free)
  granted = granted + math.min(more, math.floor((free - granted) / 2))
  if taken + granted > 0 then
    redis.call('HSET', KEYS[i], ARGV[2], string.format('%.0f %.0f', taken + granted, math.ceil(now + ARGV[1])))
    redis.call('PEXPIRE', KEYS[i], ARGV[1])
  else
    redis.call('HDEL', KEYS[i], ARGV[2])
  end
  found[i] = string.format('%.0f %.0f', granted, free - granted)
end
return found
`;

/** KEYS: the lease, the last fence. ARGV: owner, value, how long, the fence that it takes over from. Answers owner, value, fence, and whether it is ours. */
export const CLAIM: string = `${NOW}
local held = redis.call('HMGET', KEYS[1], 'owner', 'value', 'fence')
if held[1] and held[1] ~= ARGV[1] and held[3] ~= ARGV[4] then return { held[1], held[2], held[3], '0' } end
local fence = math.max(tonumber(redis.call('GET', KEYS[2]) or '0') + 1, math.floor(now))
fence = string.format('%.0f', fence)
redis.call('SET', KEYS[2], fence, 'PX', 86400000)
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'value', ARGV[2], 'fence', fence)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return { ARGV[1], ARGV[2], fence, '1' }
`;

/** KEYS: leases. ARGV: how long, the fence of each. */
export const RENEW = `
local renewed = {}
for i = 1, #KEYS do
  renewed[i] = 0
  if redis.call('HGET', KEYS[i], 'fence') == ARGV[i + 1] then renewed[i] = redis.call('PEXPIRE', KEYS[i], ARGV[1]) end
end
return renewed
`;

/** KEYS: the lease. ARGV: fence. */
export const RELEASE = `
if redis.call('HGET', KEYS[1], 'fence') ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
`;

/** KEYS: the value. ARGV: the value, how long. */
export const BIND = `
local known = redis.call('GET', KEYS[1])
if known then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return known
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]
`;

/** KEYS: the log. ARGV: how many stay, how long; id and text of each. What is there already is passed over. */
export const APPEND = `
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local newest = -1
if last[1] then newest = tonumber(string.match(last[1][1], '^%d+')) end
for i = 3, #ARGV, 2 do
  if tonumber(ARGV[i]) > newest then
    redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], ARGV[i] .. '-1', 't', ARGV[i + 1])
  end
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
`;

/** KEYS: rows, their order, the head of the table. ARGV: key, text, the age if this is the first row, and the text of before. Answers the place; 0: it is another text. */
export const SWAP: string = `${NOW}
if redis.call('HGET', KEYS[1], ARGV[1]) ~= (ARGV[4] or false) then return '0' end
redis.call('HSETNX', KEYS[3], 'age', ARGV[3])
local place = math.max(tonumber(redis.call('HGET', KEYS[3], 'last') or '0') + 1, math.floor(now))
place = string.format('%.0f', place)
redis.call('HSET', KEYS[3], 'last', place)
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], place, ARGV[1])
return place
`;

/** KEYS: as above. ARGV: after which place, how many. Answers the age; key, text and place of each. */
export const ROWS = `
local answer = { redis.call('HGET', KEYS[3], 'age') or '' }
local order = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, tonumber(ARGV[2]))
for i = 1, #order, 2 do
  answer[#answer + 1] = order[i]
  answer[#answer + 1] = redis.call('HGET', KEYS[1], order[i]) or ''
  answer[#answer + 1] = order[i + 1]
end
return answer
`;

/** KEYS: nodes by the end of their time, their addresses. ARGV: how long, id, address; or nothing, to look. Answers ids and addresses. */
export const NODES: string = `${NOW}
if ARGV[1] then
  redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[2])
  redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now)) do redis.call('HDEL', KEYS[2], id) end
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
end
local found = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. string.format('%.3f', now), '+inf')) do
  found[#found + 1] = id
  found[#found + 1] = redis.call('HGET', KEYS[2], id) or ''
end
return found
`;

const digests = new Map<string, string>();

/** By which Redis knows the script once it has run. */
export function digestOf(script: string): string {
  const digest = digests.get(script) ?? createHash('sha1').update(script).digest('hex');
  digests.set(script, digest);
  return digest;
}
