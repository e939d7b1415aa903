-- Copyright (C) Civic Gate
--
-- once_begin: may this be done, or was it done already?  One key is one
-- thing that happens at most once: the first to come gets a lease on it,
-- and a fence, a number that no later lease gets again.  It has more digits
-- than Lua writes of a number, hence it is a string of them.
--
--     KEYS  1  the record, a hash
--     ARGV  1  digest    of what is to be done; any string
--           2  lease_ms  > 0: how long the others wait for whoever began
--           3  now_ms    the caller's clock, so that tests can move it
--
--     {"begin", fence}   it is the caller's to do; then once_end or once_free
--     {"busy", ms}       another does it, for that many ms yet
--     {"mismatch"}       the key was used for something else
--     {"done", answer}   what once_end left here
--
-- A lease that has lapsed goes to the next who asks for the same.  Fences
-- come from Redis's clock, in microseconds, so they grow even where the
-- record was freed or has expired in between.  Constant time.

local key, digest = KEYS[1], ARGV[1]
local lease, now = tonumber(ARGV[2]), tonumber(ARGV[3])

if #KEYS ~= 1 or #ARGV ~= 3 or not (lease and now)
   or lease < 1 or lease > 1e10 or now < 0 or now > 1e14
   or lease % 1 ~= 0 or now % 1 ~= 0
then
    return redis.error_reply("ERR once_begin: key; digest, lease_ms, now_ms")
end

local old = redis.call("HMGET", key, "digest", "fence", "lapses", "answer")

if old[1] and old[1] ~= digest then
    return { "mismatch" }
end

if old[4] then
    return { "done", old[4] }
end

local lapses = tonumber(old[3] or 0)
if lapses > now then
    return { "busy", lapses - now }
end

local time = redis.call("TIME")
local fence = math.max(tonumber(old[2] or 0) + 1,
                       tonumber(time[1]) * 1000000 + tonumber(time[2]))
fence = string.format("%.0f", fence)

redis.call("HSET", key, "digest", digest,
           "fence", fence,
           "lapses", string.format("%.0f", now + lease))

-- twice: a record outlives its lease, so that another clock's idea of it
-- still finds the digest

redis.call("PEXPIRE", key, 2 * lease)

return { "begin", fence }
