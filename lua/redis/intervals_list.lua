-- Copyright (C) Civic Gate
--
-- intervals_list: all of one thing's intervals, the earliest first.  Reads
-- only.
--
--     KEYS  1  book    as for intervals_hold
--     ARGV  1  now_ms
--
--     {id, from_ms, to_ms, state, data, lapses_ms, id, ...}
--         six items each; state "firm", "held" or "lapsed"
--
-- Time: at most 256, sorted.

local book, now = KEYS[1], tonumber(ARGV[1])

if #KEYS ~= 1 or #ARGV ~= 1 or not now then
    return redis.error_reply("ERR intervals_list: book; now_ms")
end

local all, found = redis.call("HGETALL", book), {}

for i = 1, #all, 2 do
    local f, t, l, data = all[i + 1]:match("^(%d+) (%d+) (%d+) %S* (.*)$")
    l = tonumber(l)
    found[#found + 1] = { all[i], tonumber(f), tonumber(t),
                          l == 0 and "firm" or l > now and "held" or "lapsed",
                          data, l }
end

table.sort(found, function (a, b)
    if a[2] ~= b[2] then
        return a[2] < b[2]
    end
    return a[1] < b[1]
end)

local list = {}

for _, interval in ipairs(found) do
    for _, item in ipairs(interval) do
        list[#list + 1] = item
    end
end

return list
