-- Copyright (C) Civic Gate
--
-- capacity_hold: one place, for one holder, for a while or for good.
--
--     KEYS  1  pool     hash, made by capacity_open
--           2  places   sorted set: holder -> when the hold lapses, in ms;
--                       +inf once confirmed
--           3  numbers  sorted set: holder -> the number it came as
--     ARGV  1  holder   1 .. 128 bytes
--           2  now_ms   the caller's clock, so that tests can move it
--           3  hold_ms  0: confirmed at once; at most 30 days
--           4  note     the caller's record of it, at most 1024 bytes
--
--     {"held", number, lapses_ms}     lapses_ms 0: confirmed
--     {"already", number, lapses_ms}  the holder has one: nothing changed
--     {"taken"}    none is left
--     {"closed"}   by capacity_open, or 10,000 numbers were given out
--     {"unknown"}  there is no such pool
--
-- Numbers grow and are never given twice, so a number names one hold of
-- one holder for ever; its note stays when the place is given back.  Lapsed
-- holds do not count, and at most 100 of them are swept away here.  Time:
-- logarithmic in what the pool holds.

local SWEEP, NUMBERS = 100, 10000

local pool, places, numbers = KEYS[1], KEYS[2], KEYS[3]
local holder, note = ARGV[1], ARGV[4]


local function whole(text, low, high)
    local n = tonumber(text)
    return n and n % 1 == 0 and n >= low and n <= high and n or nil
end


local now, hold = whole(ARGV[2], 0, 1e14), whole(ARGV[3], 0, 2592000000)

if #KEYS ~= 3 or #ARGV ~= 4 or not (now and hold)
   or #holder < 1 or #holder > 128 or #note > 1024
then
    return redis.error_reply("ERR capacity_hold: pool, places, numbers; "
                             .. "holder, now_ms, hold_ms, note")
end

local state = redis.call("HMGET", pool, "capacity", "closed", "last",
                         "expires")
local capacity, last = tonumber(state[1]), tonumber(state[3] or 0)

if not capacity then
    return { "unknown" }
end

local lapsed = redis.call("ZRANGEBYSCORE", places, "-inf", now,
                          "LIMIT", 0, SWEEP)
if #lapsed > 0 then
    redis.call("ZREM", places, unpack(lapsed))
    redis.call("ZREM", numbers, unpack(lapsed))
end

local lapses = tonumber(redis.call("ZSCORE", places, holder) or 0)
if lapses > now then
    return { "already", tonumber(redis.call("ZSCORE", numbers, holder)),
             lapses < math.huge and lapses or 0 }
end

if state[2] == "1" or last >= NUMBERS then
    return { "closed" }
end

if redis.call("ZCOUNT", places, "(" .. ARGV[2], "+inf") >= capacity then
    return { "taken" }
end

local number = last + 1
lapses = hold > 0 and string.format("%.0f", now + hold) or "+inf"

redis.call("HSET", pool, "last", number, "who:" .. number, holder,
           "note:" .. number, note)
redis.call("ZADD", places, lapses, holder)
redis.call("ZADD", numbers, number, holder)

if state[4] then
    redis.call("PEXPIREAT", places, state[4])
    redis.call("PEXPIREAT", numbers, state[4])
end

return { "held", number, hold > 0 and now + hold or 0 }
