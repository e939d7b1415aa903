-- Copyright (C) Civic Gate
--
-- timers_at: a function of a plugin is to run at a time.  One id is one
-- timer: the same id again moves it, and whoever runs it now will not end it.
--
--     KEYS  1  due      sorted set: id by when it is to be looked at
--           2  work     hash: id to function and data
--           3  state    hash: "fence" to the last one given, "t:" and id to
--                       its fence, attempts and the time it was due
--     ARGV  1  id
--           2  due_ms
--           3  function
--           4  data     JSON, may be empty
--           5  max      timers that there may be
--
--     "OK", or "FULL"
--
-- Logarithmic in the number of timers.

local due, work, state = KEYS[1], KEYS[2], KEYS[3]
local id, at, max = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[5])

if #KEYS ~= 3 or #ARGV ~= 5 or not (at and max) then
    return redis.error_reply("ERR timers_at: due, work, state; id, due_ms, function, data, max")
end

if not redis.call("ZSCORE", due, id) and redis.call("ZCARD", due) >= max then
    return "FULL"
end

local fence = redis.call("HINCRBY", state, "fence", 1)

redis.call("ZADD", due, at, id)
redis.call("HSET", work, id, ARGV[3] .. "\n" .. ARGV[4])
redis.call("HSET", state, "t:" .. id, string.format("%.0f 0 %.0f", fence, at))

return "OK"
