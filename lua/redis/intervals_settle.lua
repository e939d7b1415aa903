-- Copyright (C) Civic Gate
--
-- intervals_settle: an interval becomes firm, or is in doubt for longer, and
-- gets the caller's data.
--
--     KEYS  1  book      as for intervals_hold
--     ARGV  1  id
--           2  lapses_ms 0: firm
--           3  data      at most 256 bytes
--
--     {"settled"}
--     {"gone"}     there is none of that id: nothing changed
--
-- Constant time.

local book, id, data = KEYS[1], ARGV[1], ARGV[3]
local lapses = tonumber(ARGV[2])

if #KEYS ~= 1 or #ARGV ~= 3 or not lapses or lapses < 0 or lapses > 1e14
   or lapses % 1 ~= 0 or #data > 256
then
    return redis.error_reply("ERR intervals_settle: book; id, lapses_ms, data")
end

local from, to, group = (redis.call("HGET", book, id) or "")
                        :match("^(%d+) (%d+) %d+ (%S*) ")

if not from then
    return { "gone" }
end

redis.call("HSET", book, id, string.format("%s %s %.0f %s %s", from, to,
                                           lapses, group, data))
return { "settled" }
