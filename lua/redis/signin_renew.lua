-- Copyright (C) Civic Gate
--
-- signin_renew: the provider said anew what it says of a person.
--
--     KEYS  1  the session
--     ARGV  1  ...      fields of the session and their values
--
--     1     done
--     0     there is no such session any more
--
-- Linear in the fields.

if #KEYS ~= 1 or #ARGV % 2 ~= 0 then
    return redis.error_reply("ERR signin_renew: session; fields")
end

if redis.call("EXISTS", KEYS[1]) == 0 then
    return 0
end

redis.call("HSET", KEYS[1], "fresh", redis.call("TIME")[1], unpack(ARGV))

return 1
