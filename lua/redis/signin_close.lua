-- Copyright (C) Civic Gate
--
-- signin_close: the session that a token leads to ends.
--
--     KEYS  1  the token
--     ARGV  1  sessions  prefix of sessions' names
--
--     false       there is no such session
--     id_token    it ended; "" where none was kept
--
-- Other tokens of the session lead nowhere from now on.  Constant time.

if #KEYS ~= 1 or #ARGV ~= 1 then
    return redis.error_reply("ERR signin_close: token; sessions")
end

local name = redis.call("GET", KEYS[1])
if not name then
    return false
end

local session = ARGV[1] .. name
local hint = redis.call("HGET", session, "id_token")

redis.call("DEL", KEYS[1], session)

return hint or ""
