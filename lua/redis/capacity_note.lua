-- Copyright (C) Civic Gate
--
-- capacity_note: changes the note of a number, if it is what the caller
-- thinks it is.
--
--     KEYS  1  pool     as for capacity_hold
--     ARGV  1  number
--           2  old      the note as the caller read it
--           3  new      at most 1024 bytes
--
--     {"noted"}        it is `new` now
--     {"other", note}  it was something else: nothing changed
--     {"unknown"}      no such number
--
-- Constant time.

local pool, number, old, new = KEYS[1], tonumber(ARGV[1]), ARGV[2], ARGV[3]

if #KEYS ~= 1 or #ARGV ~= 3 or not number or #new > 1024 then
    return redis.error_reply("ERR capacity_note: pool; number, old, new")
end

local field = string.format("note:%.0f", number)
local note = redis.call("HGET", pool, field)

if not note then
    return { "unknown" }
end

if note ~= old then
    return { "other", note }
end

redis.call("HSET", pool, field, new)
return { "noted" }
