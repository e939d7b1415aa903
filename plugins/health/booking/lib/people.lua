-- Copyright (C) Civic Gate
--
-- What is known of a person: a digest of the caller's id, visits that were
-- missed, and notices.  No name, no number.

local clock = require "clock"

local _M = {}

local KEEP = 180 * clock.DAY
local MISSED, WINDOW, BAR = 3, 90 * clock.DAY, 30 * clock.DAY


-- 32 hex digits, the same for ever, of which nobody reads the caller's id

function _M.digest(caller)
    local bytes = civic.crypto.digest("sha256", "booking " .. caller.id)

    return (bytes:sub(1, 16):gsub(".", function (byte)
        return string.format("%02x", byte:byte())
    end))
end


local function store(person)
    return civic.store.at("person:" .. person)
end


-- a visit that was missed; the same one twice counts once

function _M.miss(person, appointment, at)
    local s = store(person)

    s:zadd("missed", string.format("%.0f", at), appointment)
    s:zremrangebyrank("missed", 0, -21)
    s:pexpire("missed", string.format("%.0f", 2 * KEEP))
end


-- until when nothing may be booked, or nil: three missed within ninety days
-- bar for thirty from the third

function _M.bar(times)
    local ends

    for i = MISSED, #times do
        if times[i] - times[i - MISSED + 1] <= WINDOW then
            ends = times[i] + BAR
        end
    end

    return ends
end


function _M.barred(person, now)
    local flat = store(person):zrange("missed", 0, -1, "WITHSCORES")
    local times = {}

    for i = 2, #flat, 2 do
        times[#times + 1] = tonumber(flat[i])
    end

    local ends = _M.bar(times)

    return ends and ends > now and ends or nil
end


-- places that were taken since midnight, whatever became of them

local function today(now)
    return "taken:" .. clock.date(now)
end


function _M.taken(person, now)
    return tonumber(store(person):get(today(now)) or 0)
end


function _M.take(person, now)
    local s = store(person)

    s:incr(today(now))
    s:pexpire(today(now), string.format("%.0f", 2 * clock.DAY))
end


-- one notice of a kind for an appointment, however often it is told; where
-- `first` is set, the first stays

function _M.notify(person, kind, appointment, notice, first)
    local s = store(person)

    notice.kind, notice.appointment = kind, appointment
    s[first and "hsetnx" or "hset"](s, "notices", kind .. " " .. appointment,
                                    civic.json.encode(notice))
    s:pexpire("notices", string.format("%.0f", KEEP))
end


function _M.forget(person, kind, appointment)
    store(person):hdel("notices", kind .. " " .. appointment)
end


function _M.notices(person)
    local all, list = store(person):hgetall("notices"), {}

    for i = 2, #all, 2 do
        list[#list + 1] = civic.json.decode(all[i])
    end

    table.sort(list, function (a, b)
        if a.at ~= b.at then
            return a.at > b.at
        end
        return a.appointment < b.appointment
    end)

    return list
end


return _M
