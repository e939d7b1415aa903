-- Copyright (C) Civic Gate
--
-- revocations_add: something is revoked, in one step.  What is revoked
-- already is never weakened by it: the later time counts, of both times.
--
--     KEYS  1  entries   hash: what => "before expires created" LF reason
--           2  changes   sorted set: what, by the version that changed it
--           3  lapses    sorted set: what, by the second when it may go
--           4  state     string: the newest version
--     ARGV  1  what      "token:ISSUER:JTI", "app:NAME" ...
--           2  before    seconds: what was issued earlier; 0: whenever
--           3  expires   seconds: when to forget it; 0: never
--           4  reason    for people
--           5  room      entries at most
--
--     {"done", before, expires, version}
--     {"full"}           nothing was changed
--
-- Versions are Redis's microseconds, each greater than the one before: they
-- go on growing where a Redis that lost its data takes over.  A lifted entry
-- is "lifted" until it lapses, so that gates that were cut off learn of it.
-- Expired entries go, 200 at a time.  Logarithmic in their number.

local entries, changes, lapses, state = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local what, reason = ARGV[1], ARGV[4]
local before, expires = tonumber(ARGV[2]), tonumber(ARGV[3])
local room = tonumber(ARGV[5])

local function whole(n)
    return n and n >= 0 and n < 2 ^ 52 and n % 1 == 0
end

if #KEYS ~= 4 or #ARGV ~= 5 or what == ""
   or not (whole(before) and whole(expires) and whole(room))
then
    return redis.error_reply("ERR revocations_add: entries, changes, lapses,"
                             .. " state; what, before, expires, reason, room")
end

local function integer(n)
    return string.format("%.0f", n)
end

-- 0 is the latest of all times

local function later(a, b)
    return (a == 0 or b == 0) and 0 or math.max(a, b)
end

local time = redis.call("TIME")
local now = tonumber(time[1])

for _, old in ipairs(redis.call("ZRANGEBYSCORE", lapses, "-inf", now,
                                "LIMIT", 0, 200)) do
    redis.call("HDEL", entries, old)
    redis.call("ZREM", changes, old)
    redis.call("ZREM", lapses, old)
end

local old = redis.call("HGET", entries, what)
local old_before, old_expires = (old or ""):match("^(%d+) (%d+) ")

if old_before then
    before = later(before, tonumber(old_before))
    expires = later(expires, tonumber(old_expires))

elseif not old and redis.call("HLEN", entries) >= room then
    return { "full" }
end

local version = math.max(tonumber(redis.call("GET", state) or 0) + 1,
                         now * 1000000 + tonumber(time[2]))

redis.call("SET", state, integer(version))
redis.call("HSET", entries, what, integer(before) .. " " .. integer(expires)
                                  .. " " .. time[1] .. "\n" .. reason)
redis.call("ZADD", changes, integer(version), what)

if expires > 0 then
    redis.call("ZADD", lapses, integer(expires), what)
else
    redis.call("ZREM", lapses, what)
end

return { "done", integer(before), integer(expires), integer(version) }
