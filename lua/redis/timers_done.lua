-- Copyright (C) Civic Gate
--
-- timers_done: a claimed timer has run.  Only whoever has its fence says so.
--
--     KEYS  1  due    2  work    3  state    4  failed   as in timers_claim
--     ARGV  1  id
--           2  fence    as timers_claim gave it
--           3  result   "done"; "retry", at next_ms; "failed": given up
--           4  next_ms  of an entry of the schedule, when it is due next;
--                       0: it is not
--           5  now_ms
--
--     "OK", or "LOST": the lease went to another, or the timer was moved or
--     cancelled
--
-- Logarithmic in the number of timers.

local due, work, state, failed = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local id, fence, result, next_ms = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])

if #KEYS ~= 4 or #ARGV ~= 5 or not next_ms then
    return redis.error_reply("ERR timers_done: due, work, state, failed; "
                             .. "id, fence, result, next_ms, now_ms")
end

local own, attempts, at = (redis.call("HGET", state, "t:" .. id) or "")
                          :match("^(%d+) (%d+) (%d+)$")

if own ~= fence then
    return "LOST"
end

if result == "retry" then
    redis.call("ZADD", due, next_ms, id)
    return "OK"
end

if result == "failed" then
    redis.call("LPUSH", failed, ARGV[5] .. " " .. id .. "\n"
                                .. (redis.call("HGET", work, id) or ""))
    redis.call("LTRIM", failed, 0, 999)
end

if next_ms > 0 then
    redis.call("ZADD", due, next_ms, id)
    redis.call("HSET", state, "t:" .. id,
               fence .. " 0 " .. string.format("%.0f", next_ms))
    return "OK"
end

redis.call("ZREM", due, id)
redis.call("HDEL", work, id)
redis.call("HDEL", state, "t:" .. id)

return "OK"
