-- Copyright (C) Civic Gate
--
-- capacity_confirm: a hold that has not lapsed becomes firm.
--
--     KEYS  1  pool     as for capacity_hold
--           2  places
--           3  numbers
--     ARGV  1  holder
--           2  number   as capacity_hold gave it: the fence
--           3  now_ms
--           4  note     instead of the one that is there
--
--     {"confirmed"}  and so it is when it was before: then the note stays
--     {"lapsed"}     too late, given back, or another number: nothing changed
--
-- Time: logarithmic in what the pool holds.

local pool, places, numbers = KEYS[1], KEYS[2], KEYS[3]
local holder, number, now, note = ARGV[1], tonumber(ARGV[2]),
                                  tonumber(ARGV[3]), ARGV[4]

if #KEYS ~= 3 or #ARGV ~= 4 or not (number and now) or #note > 1024 then
    return redis.error_reply("ERR capacity_confirm: pool, places, numbers; "
                             .. "holder, number, now_ms, note")
end

local lapses = tonumber(redis.call("ZSCORE", places, holder) or 0)

if lapses <= now
   or tonumber(redis.call("ZSCORE", numbers, holder)) ~= number
then
    return { "lapsed" }
end

if lapses < math.huge then
    redis.call("ZADD", places, "+inf", holder)
    redis.call("HSET", pool, string.format("note:%.0f", number), note)
end

return { "confirmed" }
