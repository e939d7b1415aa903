-- Copyright (C) Civic Gate
--
-- signin_end: the provider says that somebody signed out there: all
-- sessions of a person, or of one sign-in at the provider, end.
--
--     KEYS  1  those sessions, a sorted set
--           2  the mark of the logout token; may be missing
--     ARGV  1  sessions  prefix of sessions' names
--           2  keep      s, > 0: how long the mark is kept
--
--     n     so many have ended
--     -1    this token was used before: nothing was done
--
-- Linear in the sessions.

local keep = tonumber(ARGV[2])

if #KEYS < 1 or #KEYS > 2 or #ARGV ~= 2 or not keep or keep < 1 then
    return redis.error_reply("ERR signin_end: sessions, mark; prefix, keep")
end

if KEYS[2] and not redis.call("SET", KEYS[2], "1", "NX", "EX", keep) then
    return -1
end

local ended = 0
for _, name in ipairs(redis.call("ZRANGE", KEYS[1], 0, -1)) do
    ended = ended + redis.call("DEL", ARGV[1] .. name)
end

redis.call("DEL", KEYS[1])

return ended
