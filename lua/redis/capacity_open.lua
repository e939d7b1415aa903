-- Copyright (C) Civic Gate
--
-- capacity_open: so many places are to be had here.  A pool is a thing of
-- which there are some: an outpatient slot, a course, a screening.  Pools
-- of one aggregate are opened, changed or closed together.
--
--     KEYS  1..n  pool, a hash; at most 256 of them
--     ARGV  1  capacity    0 .. 10000; -1: leave it as it is
--           2  closed      1: nothing more is given; 0: open
--           3  expires_ms  when Redis may forget the pool; 0: never
--
--     the number of pools that were there already
--
-- A capacity below what is taken takes nothing from anybody; nobody new
-- gets a place until enough were given back.  Time: the number of keys.

local function whole(text, low, high)
    local n = tonumber(text)
    return n and n % 1 == 0 and n >= low and n <= high and n or nil
end


local capacity = whole(ARGV[1], -1, 10000)
local closed = whole(ARGV[2], 0, 1)
local expires = whole(ARGV[3], 0, 1e14)

if #KEYS < 1 or #KEYS > 256 or #ARGV ~= 3
   or not (capacity and closed and expires)
then
    return redis.error_reply(
        "ERR capacity_open: pool...; capacity, closed, expires_ms")
end

local known = 0

for _, pool in ipairs(KEYS) do
    local there = redis.call("EXISTS", pool)

    known = known + there
    if capacity >= 0 then
        redis.call("HSET", pool, "capacity", capacity)
    end
    if there == 1 or capacity >= 0 then
        redis.call("HSET", pool, "closed", closed)
    end
    if expires > 0 then
        redis.call("HSET", pool, "expires", string.format("%.0f", expires))
        redis.call("PEXPIREAT", pool, string.format("%.0f", expires))
    end
end

return known
