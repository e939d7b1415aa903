-- Copyright (C) Civic Gate
--
-- capacity_find: one hold, by its number or by who holds it.  Reads only.
--
--     KEYS  1  pool     as for capacity_hold
--           2  places
--           3  numbers
--     ARGV  1  number   0: what `holder` holds now
--           2  holder   "": whoever had `number`
--           3  now_ms
--
--     {"held", number, holder, note, lapses_ms}
--     {"confirmed", number, holder, note, 0}
--     {"gone", number, holder, note, 0}   lapsed, or given back
--     {"unknown"}   no such number, or the holder holds nothing
--
-- Time: logarithmic in what the pool holds.

local pool, places, numbers = KEYS[1], KEYS[2], KEYS[3]
local number, holder, now = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])

if #KEYS ~= 3 or #ARGV ~= 3 or not (number and now) then
    return redis.error_reply("ERR capacity_find: pool, places, numbers; "
                             .. "number, holder, now_ms")
end

if number == 0 then
    number = tonumber(redis.call("ZSCORE", numbers, holder) or 0)
end

local of = redis.call("HMGET", pool, string.format("who:%.0f", number),
                      string.format("note:%.0f", number))

if not of[1] or (holder ~= "" and holder ~= of[1]) then
    return { "unknown" }
end

local lapses = tonumber(redis.call("ZSCORE", places, of[1]) or 0)

if lapses <= now
   or tonumber(redis.call("ZSCORE", numbers, of[1])) ~= number
then
    return { "gone", number, of[1], of[2], 0 }
end

if lapses == math.huge then
    return { "confirmed", number, of[1], of[2], 0 }
end

return { "held", number, of[1], of[2], lapses }
