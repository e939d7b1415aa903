-- Copyright (C) Civic Gate
--
-- app_changes: which applications have changed since a version?
--
--     KEYS  1  changes   2  state
--     ARGV  1  epoch     as last told, "" at first
--           2  version   likewise, "0" at first
--
--     {epoch, version, name...}   those, and no others
--     {epoch, version, "*"}       too many, or another epoch: perhaps all
--
-- "*" is no name of an application.  Logarithmic time, and as much as there
-- is to tell.

local changes, state = KEYS[1], KEYS[2]
local since = tonumber(ARGV[2])

if #KEYS ~= 2 or #ARGV ~= 2 or not since then
    return redis.error_reply("ERR app_changes: changes, state; epoch, version")
end

local is = redis.call("HMGET", state, "epoch", "version", "floor")
local epoch, version = is[1] or "", is[2] or "0"
local answer = { epoch, version }

if epoch ~= ARGV[1] or since > tonumber(version)
   or since < tonumber(is[3] or 0)
then
    answer[3] = "*"

elseif since < tonumber(version) then
    for _, name in ipairs(redis.call("ZRANGEBYSCORE", changes,
                                     "(" .. ARGV[2], "+inf")) do
        answer[#answer + 1] = name
    end
end

return answer
