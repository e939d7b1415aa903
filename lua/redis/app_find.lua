-- Copyright (C) Civic Gate
--
-- app_find: whose credential is this?
--
--     KEYS  1  records   2  index   3  state
--     ARGV  1  field     of the index, such as "signer:x"
--
--     {epoch, version}                 nobody's
--     {epoch, version, name, record}   that application's
--
-- The version says how old the answer is: a worker that knows of a later
-- one asks again.  Constant time.

local records, index, state = KEYS[1], KEYS[2], KEYS[3]

if #KEYS ~= 3 or #ARGV ~= 1 then
    return redis.error_reply("ERR app_find: records, index, state; field")
end

local is = redis.call("HMGET", state, "epoch", "version")
local answer = { is[1] or "", is[2] or "0" }

local name = redis.call("HGET", index, ARGV[1])
local record = name and redis.call("HGET", records, name)

if record then
    answer[3], answer[4] = name, record
end

return answer
