-- Copyright (C) Civic Gate
--
-- once_end: it was done, and this is the answer for whoever asks again.
--
--     KEYS  1  the record, as once_begin made it
--     ARGV  1  fence   as once_begin gave it
--           2  answer  any string; empty is one too
--           3  ttl_ms  > 0: how long it is remembered
--
--     {"done"}           remembered
--     {"lost", answer}   another has taken the lapsed lease since; `answer`
--                        is theirs where they are done already
--
-- A lease that lapsed unnoticed still counts.  The same end twice changes
-- nothing.  Constant time.

local key, fence, answer = KEYS[1], ARGV[1], ARGV[2]
local ttl = tonumber(ARGV[3])

if #KEYS ~= 1 or #ARGV ~= 3 or not ttl
   or ttl < 1 or ttl > 1e12 or ttl % 1 ~= 0
then
    return redis.error_reply("ERR once_end: key; fence, answer, ttl_ms")
end

local old = redis.call("HMGET", key, "fence", "answer")

if old[1] ~= fence then
    return { "lost", old[2] or nil }
end

if not old[2] then
    redis.call("HSET", key, "answer", answer)
    redis.call("PEXPIRE", key, ttl)
end

return { "done" }
