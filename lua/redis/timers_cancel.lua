-- Copyright (C) Civic Gate
--
-- timers_cancel: a timer is not to run (again).  One that runs now ends, and
-- finds nothing to end.
--
--     KEYS  1  due    2  work    3  state    as in timers_at
--     ARGV  1  id
--
--     1, or 0: there was none
--
-- Logarithmic in the number of timers.

if #KEYS ~= 3 or #ARGV ~= 1 then
    return redis.error_reply("ERR timers_cancel: due, work, state; id")
end

redis.call("HDEL", KEYS[2], ARGV[1])
redis.call("HDEL", KEYS[3], "t:" .. ARGV[1])

return redis.call("ZREM", KEYS[1], ARGV[1])
