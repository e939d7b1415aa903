-- Copyright (C) Civic Gate
--
-- app_get: the record of an application, for administrators.
--
--     KEYS  1  records
--     ARGV  1  name
--
--     the record, or nil

if #KEYS ~= 1 or #ARGV ~= 1 then
    return redis.error_reply("ERR app_get: records; name")
end

return redis.call("HGET", KEYS[1], ARGV[1])
