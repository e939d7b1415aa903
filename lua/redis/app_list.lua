-- Copyright (C) Civic Gate
--
-- app_list: applications in the order of their names, a page of them.
--
--     KEYS  1  records   2  names
--     ARGV  1  after     the last name of the page before, "" at first
--           2  limit     1 to 100
--
--     {record...}
--
-- Logarithmic time, and as much as there is to tell.

local records, names = KEYS[1], KEYS[2]
local limit = tonumber(ARGV[2])

if #KEYS ~= 2 or #ARGV ~= 2 or not limit or limit < 1 or limit > 100 then
    return redis.error_reply("ERR app_list: records, names; after, limit")
end

local page = redis.call("ZRANGEBYLEX", names,
                        ARGV[1] == "" and "-" or "(" .. ARGV[1], "+",
                        "LIMIT", 0, limit)

if #page == 0 then
    return {}
end

local found = {}

for _, record in ipairs(redis.call("HMGET", records, unpack(page))) do
    if record then
        found[#found + 1] = record
    end
end

return found
