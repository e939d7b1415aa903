-- Copyright (C) Civic Gate
--
-- revocations_lift: something is revoked no more, in one step.
--
--     KEYS  as in revocations_add
--     ARGV  1  what
--           2  keep      seconds that the word "lifted" stays
--
--     {"done", version}
--     {"none"}           it was not revoked
--
-- Logarithmic in the number of entries.

local entries, changes, lapses, state = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local what, keep = ARGV[1], tonumber(ARGV[2])

if #KEYS ~= 4 or #ARGV ~= 2 or what == "" or not keep
   or keep < 1 or keep > 1e9
then
    return redis.error_reply("ERR revocations_lift: entries, changes, lapses,"
                             .. " state; what, keep")
end

local time = redis.call("TIME")
local now = tonumber(time[1])

local old = redis.call("HGET", entries, what)
local expires = tonumber((old or ""):match("^%d+ (%d+) "))

if not expires or (expires > 0 and expires <= now) then
    return { "none" }
end

local version = math.max(tonumber(redis.call("GET", state) or 0) + 1,
                         now * 1000000 + tonumber(time[2]))
local lapse = now + keep

if expires > 0 and expires < lapse then
    lapse = expires
end

version = string.format("%.0f", version)

redis.call("SET", state, version)
redis.call("HSET", entries, what, "lifted")
redis.call("ZADD", changes, version, what)
redis.call("ZADD", lapses, string.format("%.0f", lapse), what)

return { "done", version }
