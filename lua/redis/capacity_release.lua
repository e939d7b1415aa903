-- Copyright (C) Civic Gate
--
-- capacity_release: a place, held or confirmed, is given back.
--
--     KEYS  1  pool     as for capacity_hold
--           2  places
--           3  numbers
--     ARGV  1  holder
--           2  number   as capacity_hold gave it: the fence
--           3  now_ms
--           4  note     instead of the one that is there
--           5  old      only if the note is this; may be left out
--
--     {"released"}     it is free from now on
--     {"gone"}         it was free already: lapsed, given back, or another
--                      number; nothing changed
--     {"other", note}  the note is not `old`; nothing changed
--
-- Time: logarithmic in what the pool holds.

local pool, places, numbers = KEYS[1], KEYS[2], KEYS[3]
local holder, number, now, note = ARGV[1], tonumber(ARGV[2]),
                                  tonumber(ARGV[3]), ARGV[4]

if #KEYS ~= 3 or #ARGV < 4 or #ARGV > 5 or not (number and now)
   or #note > 1024
then
    return redis.error_reply("ERR capacity_release: pool, places, numbers; "
                             .. "holder, number, now_ms, note[, old]")
end

if tonumber(redis.call("ZSCORE", numbers, holder) or 0) ~= number
   or tonumber(redis.call("ZSCORE", places, holder) or 0) <= now
then
    return { "gone" }
end

local field = string.format("note:%.0f", number)

if ARGV[5] then
    local is = redis.call("HGET", pool, field) or ""

    if is ~= ARGV[5] then
        return { "other", is }
    end
end

redis.call("ZREM", places, holder)
redis.call("ZREM", numbers, holder)
redis.call("HSET", pool, field, note)

return { "released" }
