-- Copyright (C) Civic Gate
--
-- app_put: writes an application, or removes it, with all that leads to it.
--
--     KEYS  1  records   2  index   3  fields   4  names   5  changes
--           6  state
--     ARGV  1  name
--           2  old       the record as the writer knows it, "" if new
--           3  new       the record as it shall be, "" to remove it
--           4  max       applications in all
--           5  field...  of the index, all that lead to it
--
--     {"ok", version}
--     {"stale"}               the record is not `old`: read it again
--     {"full"}
--     {"taken", field, name}  by another application
--
-- Of changes the latest thousand are kept; whoever knows only what is older
-- than "floor" forgets everything.  An epoch begins with the first write to
-- an empty Redis, so that nobody takes new versions for old ones.

local records, index, fields = KEYS[1], KEYS[2], KEYS[3]
local names, changes, state = KEYS[4], KEYS[5], KEYS[6]
local name, old, new, max = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])

if #KEYS ~= 6 or #ARGV < 4 or name == "" or not max then
    return redis.error_reply("ERR app_put: records, index, fields, names, "
                             .. "changes, state; name, old, new, max, "
                             .. "field...")
end

if (redis.call("HGET", records, name) or "") ~= old then
    return { "stale" }
end

if old == "" and redis.call("ZCARD", names) >= max then
    return { "full" }
end

for i = 5, #ARGV do
    local owner = redis.call("HGET", index, ARGV[i])
    if owner and owner ~= name then
        return { "taken", ARGV[i], owner }
    end
end

for field in (redis.call("HGET", fields, name) or ""):gmatch("[^\n]+") do
    redis.call("HDEL", index, field)
end

if new == "" then
    redis.call("HDEL", records, name)
    redis.call("HDEL", fields, name)
    redis.call("ZREM", names, name)
else
    for i = 5, #ARGV do
        redis.call("HSET", index, ARGV[i], name)
    end
    redis.call("HSET", records, name, new)
    redis.call("HSET", fields, name, table.concat(ARGV, "\n", 5))
    redis.call("ZADD", names, 0, name)
end

if redis.call("HEXISTS", state, "epoch") == 0 then
    local time = redis.call("TIME")
    redis.call("HSET", state, "epoch", time[1] .. "." .. time[2])
end

local version = redis.call("HINCRBY", state, "version", 1)
redis.call("ZADD", changes, version, name)

local extra = redis.call("ZCARD", changes) - 1000
if extra > 0 then
    local gone = redis.call("ZPOPMIN", changes, extra)
    redis.call("HSET", state, "floor", gone[#gone])
end

return { "ok", version }
