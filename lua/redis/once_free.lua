-- Copyright (C) Civic Gate
--
-- once_free: it was begun and came to nothing; whoever asks next may begin.
--
--     KEYS  1  the record, as once_begin made it
--     ARGV  1  fence   as once_begin gave it
--
--     {"freed"}          nobody holds it now
--     {"lost"}           another holds it, or it is done: nothing changed
--
-- Constant time.

local key, fence = KEYS[1], ARGV[1]

if #KEYS ~= 1 or #ARGV ~= 1 then
    return redis.error_reply("ERR once_free: key; fence")
end

local old = redis.call("HMGET", key, "fence", "answer")

if old[2] or (old[1] and old[1] ~= fence) then
    return { "lost" }
end

redis.call("DEL", key)
return { "freed" }
