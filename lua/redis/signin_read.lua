-- Copyright (C) Civic Gate
--
-- signin_read: whose session does this token lead to?  Seen, the session
-- lives on; and from time to time the browser is due for another token.
--
--     KEYS  1  the token
--     ARGV  1  digest   of the token
--           2  tokens   prefix of tokens' names
--           3  sessions prefix of sessions' names
--           4  idle     s, > 0: how long it may be left alone
--           5  rotate   s, > 0: how long a token serves
--           6  next     digest of the token to go on with, if one is due
--           7  grace    s, > 0: how long the last token still serves
--           8  refresh  s: how long claims hold; 0: as long as the session
--           9  retry    s, > 0: after that a refresh has failed: a provider
--                       may take one that comes twice for theft
--
--     false       there is no such session
--     {claims, scope, issued, ends, rotated[, name, refresh_token]}
--                 rotated is 1: the browser must be told the next token;
--                 with a name: whoever asked is the one to refresh the
--                 claims of the session of that name
--
-- An answer may be lost on its way to the browser: the last token serves
-- until the next one has come, and then for the requests that were under
-- way.  Constant time.

local key, digest, tokens = KEYS[1], ARGV[1], ARGV[2]
local idle, rotate = tonumber(ARGV[4]), tonumber(ARGV[5])
local grace, refresh = tonumber(ARGV[7]), tonumber(ARGV[8])
local retry = tonumber(ARGV[9])

if #KEYS ~= 1 or #ARGV ~= 9
   or not (idle and rotate and grace and refresh and retry)
   or idle < 1 or rotate < 1 or grace < 1 or refresh < 0 or retry < 1
then
    return redis.error_reply("ERR signin_read: token; digest, tokens, "
        .. "sessions, idle, rotate, next, grace, refresh, retry")
end

local name = redis.call("GET", key)
if not name then
    return false
end

local session = ARGV[3] .. name
local claims, scope, issued, ends, current, coming, rotated, fresh, token =
    unpack(redis.call("HMGET", session, "claims", "scope", "issued", "ends",
                      "current", "next", "rotated", "fresh", "refresh_token"))
local now = tonumber(redis.call("TIME")[1])

if not claims or now >= tonumber(ends) then
    redis.call("DEL", key, session)
    return false
end

-- not at each request: each would be a write for the AOF

local left = math.min(idle, tonumber(ends) - now)
if redis.call("TTL", session) < left - idle / 16 then
    redis.call("EXPIRE", session, left)
end

local answer = { claims, scope or "", issued, ends, 0 }

if refresh > 0 and token and now - tonumber(fresh) >= refresh then
    redis.call("HSET", session, "fresh", now - refresh + retry)
    answer[6] = name
    answer[7] = token
end

if digest == coming then
    redis.call("HSET", session, "current", digest, "rotated", now)
    redis.call("HDEL", session, "next")
    redis.call("EXPIRE", tokens .. current, grace)

elseif digest == current and now - tonumber(rotated) >= rotate then
    if coming then
        redis.call("DEL", tokens .. coming)
    end
    redis.call("HSET", session, "next", ARGV[6], "rotated", now)
    redis.call("SET", tokens .. ARGV[6], name, "EX", tonumber(ends) - now)
    answer[5] = 1
end

return answer
