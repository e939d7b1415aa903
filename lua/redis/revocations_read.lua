-- Copyright (C) Civic Gate
--
-- revocations_read: what has changed since a version, a page of it, oldest
-- change first.  Nothing is written.
--
--     KEYS  1  entries    2  changes    3  state    as in revocations_add
--     ARGV  1  version   the newest that the caller knows; 0: nothing yet
--           2  limit     entries at most, 1 to 1,000
--
--     {newest, what, version, text, ...}   all strings; text as in entries
--
-- Without a change it reads one key.  Linear in limit.

local entries, changes, state = KEYS[1], KEYS[2], KEYS[3]
local version, limit = ARGV[1], tonumber(ARGV[2])

if #KEYS ~= 3 or #ARGV ~= 2 or not version:match("^%d+$") or not limit
   or limit < 1 or limit > 1000
then
    return redis.error_reply("ERR revocations_read: entries, changes, state;"
                             .. " version, limit")
end

local newest = redis.call("GET", state) or "0"

if newest == version then
    return { newest }
end

local page = redis.call("ZRANGEBYSCORE", changes, "(" .. version, "+inf",
                        "WITHSCORES", "LIMIT", 0, limit)
local reply = { newest }

for i = 1, #page, 2 do
    reply[#reply + 1] = page[i]
    reply[#reply + 1] = string.format("%.0f", tonumber(page[i + 1]))
    reply[#reply + 1] = redis.call("HGET", entries, page[i]) or "lifted"
end

return reply
