-- Copyright (C) Civic Gate
--
-- signin_open: somebody signed in, a session begins.  The session has a
-- name of its own; what the browser has is a token that leads to it, and
-- that changes while the session lasts.
--
--     KEYS  1  the session, a hash
--           2  the token
--           3  those of this person, by when they end; a sorted set
--           4  those of this sign-in at the provider; may be missing
--     ARGV  1  name     of the session
--           2  digest   of the token
--           3  ttl      s, > 0: the session's longest life
--           4  idle     s, > 0: how long it may be left alone
--           5  prefix   of sessions' names: what `before` leads to
--           6  before   the token of the browser's earlier session, a key,
--                       or ""
--           7  ...      fields of the session and their values
--
--     "OK"
--
-- The earlier session ends: a browser has one.  Linear in the fields.

local name, digest = ARGV[1], ARGV[2]
local ttl, idle = tonumber(ARGV[3]), tonumber(ARGV[4])

if #KEYS < 3 or #KEYS > 4 or #ARGV < 8 or #ARGV % 2 ~= 0
   or not (ttl and idle) or ttl < 1 or idle < 1
then
    return redis.error_reply("ERR signin_open: session, token, person[, "
        .. "sid]; name, digest, ttl, idle, prefix, before, fields")
end

if ARGV[6] ~= "" then
    local before = redis.call("GET", ARGV[6])
    if before then
        redis.call("DEL", ARGV[5] .. before, ARGV[6])
    end
end

local now = tonumber(redis.call("TIME")[1])
local ends = now + ttl

redis.call("HSET", KEYS[1], "ends", ends, "current", digest, "rotated", now,
           "fresh", now, unpack(ARGV, 7))
redis.call("EXPIRE", KEYS[1], math.min(idle, ttl))
redis.call("SET", KEYS[2], name, "EX", ttl)

for i = 3, #KEYS do
    redis.call("ZREMRANGEBYSCORE", KEYS[i], "-inf", now)
    redis.call("ZADD", KEYS[i], ends, name)
    redis.call("EXPIRE", KEYS[i], ttl)
end

return "OK"
