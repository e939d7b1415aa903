-- Copyright (C) Civic Gate
--
-- timers_claim: what is due goes to the worker that asks, with a lease and a
-- fence, a number that no later claim gets again.  A lease that lapses makes
-- the timer due again.  Entries of the plugin's schedule are timers that are
-- made here where there is none of their id.
--
--     KEYS  1  due    2  work    3  state    as in timers_at
--           4  failed   list of what was given up: the newest 1,000
--     ARGV  1  now_ms
--           2  lease_ms
--           3  limit    timers to claim at most
--           4  tries    after so many it is given up
--           then, for each entry of the schedule: id, function, due_ms
--
--     { {id, fence, due_ms, attempts, function, data}, ... }   all strings
--
-- Linear in limit and schedule, logarithmic in the number of timers.

local due, work, state, failed = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local now, lease = tonumber(ARGV[1]), tonumber(ARGV[2])
local limit, tries = tonumber(ARGV[3]), tonumber(ARGV[4])

if #KEYS ~= 4 or #ARGV < 4 or (#ARGV - 4) % 3 ~= 0
   or not (now and lease and limit and tries)
then
    return redis.error_reply("ERR timers_claim: due, work, state, failed; "
                             .. "now_ms, lease_ms, limit, tries, ...")
end

local function integer(n)
    return string.format("%.0f", n)
end

for i = 5, #ARGV, 3 do
    local id, at = ARGV[i], tonumber(ARGV[i + 2])

    if not redis.call("ZSCORE", due, id) then
        local fence = redis.call("HINCRBY", state, "fence", 1)

        redis.call("ZADD", due, at, id)
        redis.call("HSET", work, id, ARGV[i + 1] .. "\n")
        redis.call("HSET", state, "t:" .. id, integer(fence) .. " 0 " .. integer(at))
    end
end

local claimed = {}

for _, id in ipairs(redis.call("ZRANGEBYSCORE", due, "-inf", integer(now),
                               "LIMIT", 0, limit)) do
    local what = redis.call("HGET", work, id) or ""
    local name, data = what:match("^([^\n]*)\n(.*)$")
    local old = redis.call("HGET", state, "t:" .. id) or ""
    local attempts, at = old:match("^%d+ (%d+) (%d+)$")

    attempts = tonumber(attempts or tries) + 1

    if not name or attempts > tries then
        redis.call("LPUSH", failed, integer(now) .. " " .. id .. "\n" .. what)
        redis.call("LTRIM", failed, 0, 999)
        redis.call("ZREM", due, id)
        redis.call("HDEL", work, id)
        redis.call("HDEL", state, "t:" .. id)

    else
        local fence = integer(redis.call("HINCRBY", state, "fence", 1))

        redis.call("ZADD", due, now + lease, id)
        redis.call("HSET", state, "t:" .. id,
                   fence .. " " .. integer(attempts) .. " " .. at)

        claimed[#claimed + 1] = { id, fence, at, integer(attempts), name, data }
    end
end

return claimed
