-- Copyright (C) Civic Gate
--
-- capacity_list: who holds a place, in the order in which they came.
-- Reads only.
--
--     KEYS  1  pool     as for capacity_hold
--           2  places
--           3  numbers
--     ARGV  1  after    0, or the last number of the page before
--           2  limit    1 .. 200
--           3  now_ms
--
--     {next, number, holder, note, lapses_ms, number, ...}
--         four items each; lapses_ms 0: confirmed; next: `after` of the
--         following page, 0 where this is the last
--
-- Lapsed holds are passed over, so a page may be short.  Time: limit, times
-- the logarithm of what the pool holds.

local pool, places, numbers = KEYS[1], KEYS[2], KEYS[3]
local after, limit, now = tonumber(ARGV[1]), tonumber(ARGV[2]),
                          tonumber(ARGV[3])

if #KEYS ~= 3 or #ARGV ~= 3 or not (after and limit and now)
   or limit < 1 or limit > 200
then
    return redis.error_reply("ERR capacity_list: pool, places, numbers; "
                             .. "after, limit, now_ms")
end

local page = redis.call("ZRANGEBYSCORE", numbers, "(" .. ARGV[1], "+inf",
                        "WITHSCORES", "LIMIT", 0, limit)
local list = { #page == 2 * limit and tonumber(page[#page]) or 0 }

for i = 1, #page, 2 do
    local lapses = tonumber(redis.call("ZSCORE", places, page[i]) or 0)

    if lapses > now then
        list[#list + 1] = tonumber(page[i + 1])
        list[#list + 1] = page[i]
        list[#list + 1] = redis.call("HGET", pool, "note:" .. page[i + 1])
        list[#list + 1] = lapses < math.huge and lapses or 0
    end
end

return list
