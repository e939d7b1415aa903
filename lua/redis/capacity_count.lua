-- Copyright (C) Civic Gate
--
-- capacity_count: how much is left, in many pools of one aggregate at once.
-- Reads only.
--
--     KEYS  1, 3 ..  pool    as for capacity_hold
--           2, 4 ..  places  of the pool before it; at most 256 pairs
--     ARGV  1  now_ms
--
--     {capacity, confirmed, held, closed, capacity, ...}
--         four integers for each pool; capacity -1: no such pool
--
-- Lapsed holds do not count.  Time: the number of pairs, times the logarithm
-- of what a pool holds.

local now = tonumber(ARGV[1])

if #KEYS < 2 or #KEYS > 512 or #KEYS % 2 ~= 0 or #ARGV ~= 1 or not now then
    return redis.error_reply("ERR capacity_count: pool, places, ...; now_ms")
end

local counts = {}

for i = 1, #KEYS, 2 do
    local state = redis.call("HMGET", KEYS[i], "capacity", "closed")
    local live = redis.call("ZCOUNT", KEYS[i + 1], "(" .. ARGV[1], "+inf")
    local confirmed = redis.call("ZCOUNT", KEYS[i + 1], "+inf", "+inf")

    counts[#counts + 1] = tonumber(state[1] or -1)
    counts[#counts + 1] = confirmed
    counts[#counts + 1] = live - confirmed
    counts[#counts + 1] = tonumber(state[2] or 0)
end

return counts
