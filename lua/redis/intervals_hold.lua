-- Copyright (C) Civic Gate
--
-- intervals_hold: a stretch of time of one thing (a person, a room), unless
-- it overlaps another of the same thing, or is of the same group.
--
--     KEYS  1  book      hash: id -> the interval; at most 256 of them
--     ARGV  1  id        1 .. 128 bytes
--           2  from_ms
--           3  to_ms     > from_ms; an interval does not contain its end
--           4  group     one interval per group and thing; "": none
--           5  now_ms    the caller's clock
--           6  lapses_ms until when it is in doubt; 0: firm
--           7  keep_ms   how long after its end it is kept, to be listed
--           8  instead   id of one that does not count, being given up; ""
--
--     {"held"}
--     {"conflict", id, state, data}  state "firm", "held" or "lapsed"
--     {"full"}                       256 of them
--
-- A lapsed interval is in the way until its caller has looked: what it
-- stands for may be confirmed in another aggregate, and only the last step,
-- intervals_settle, have failed.  So of several the surest is named.  Those
-- that are long over are dropped here.  Time: at most 256.

local book, id, group, instead = KEYS[1], ARGV[1], ARGV[4], ARGV[8]


local function whole(text)
    local n = tonumber(text)
    return n and n % 1 == 0 and n >= 0 and n <= 1e14 and n or nil
end


local from, to, now = whole(ARGV[2]), whole(ARGV[3]), whole(ARGV[5])
local lapses, keep = whole(ARGV[6]), whole(ARGV[7])

if #KEYS ~= 1 or #ARGV ~= 8
   or not (from and to and now and lapses and keep) or from >= to
   or #id < 1 or #id > 128 or #group > 128 or group:find("%s")
then
    return redis.error_reply("ERR intervals_hold: book; id, from_ms, to_ms, "
                             .. "group, now_ms, lapses_ms, keep_ms, instead")
end

local SURE = { lapsed = 1, held = 2, firm = 3 }
local all = redis.call("HGETALL", book)
local count, last, conflict = 0, to, nil

for i = 1, #all, 2 do
    local f, t, l, g, data = all[i + 1]:match("^(%d+) (%d+) (%d+) (%S*) (.*)$")
    f, t, l = tonumber(f), tonumber(t), tonumber(l)

    if t + keep < now then
        redis.call("HDEL", book, all[i])

    else
        count, last = count + 1, math.max(last, t)

        if all[i] ~= instead
           and (all[i] == id or (f < to and from < t)
                or (group ~= "" and g == group))
        then
            local state = l == 0 and "firm" or l > now and "held" or "lapsed"

            if not conflict or SURE[state] > SURE[conflict[3]] then
                conflict = { "conflict", all[i], state, data }
            end
        end
    end
end

if conflict then
    return conflict
end

if count >= 256 then
    return { "full" }
end

redis.call("HSET", book, id, string.format("%.0f %.0f %.0f %s ", from, to,
                                           lapses, group))
redis.call("PEXPIRE", book,
           string.format("%.0f", math.max(last - now, 0) + keep + 86400000))

return { "held" }
