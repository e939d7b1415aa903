-- Copyright (C) Civic Gate
--
-- intervals_release: an interval is given up.
--
--     KEYS  1  book   as for intervals_hold
--     ARGV  1  id
--           2  data   as it is thought to be: a later interval of the same
--                     id is not meant
--
--     {"released"}
--     {"gone"}     there is none of that id with that data
--
-- Constant time.

local book, id, data = KEYS[1], ARGV[1], ARGV[2]

if #KEYS ~= 1 or #ARGV ~= 2 then
    return redis.error_reply("ERR intervals_release: book; id, data")
end

local is = (redis.call("HGET", book, id) or "")
           :match("^%d+ %d+ %d+ %S* (.*)$")

if is ~= data then
    return { "gone" }
end

redis.call("HDEL", book, id)
return { "released" }
