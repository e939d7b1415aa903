-- Copyright (C) Civic Gate
--
-- What is known of a person: a digest of the caller's id, the visits that
-- are booked, those that were missed, and notices.  No name, no number.
--
-- The slot is the truth; `visits` is an index that keeps two of them from
-- overlapping.  Where it refuses, or an entry of it was never finished, the
-- slot is asked, so that a crash between the two leaves nothing behind.

local intervals = require "civic.intervals"
local clock = require "clock"
local schedules = require "schedules"

local _M = {}

local FLIGHT = 30000            -- longer than a request may take
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


local function visits(person)
    return intervals.book(store(person), "visits")
end


-- the slot's word on an entry: the place, or nil where there is none, and
-- the entry is brought into line

local function settle(person, entry, now)
    local schedule, time = schedules.parse(entry.id)
    local pool = schedules.pool(schedule, time)
    local place

    if entry.data == "" then
        place = pool:of(person, now)
    else
        place = pool:find(tonumber(entry.data), now)
    end

    if not place or place.state == "gone" then
        visits(person):release(entry.id, entry.data)
        return nil
    end

    visits(person):settle(entry.id, place.lapses, tostring(place.number))
    return place
end


local function interval(slot)
    return {
        from = slot.start, to = slot.stop, keep = KEEP,
        group = slot.meta.department .. ":" .. slot.meta.date,
    }
end


-- room in the person's own time for a slot: true; or nil and
-- "duplicate-booking", the slot in the way; or nil, "adopt" and the place,
-- where an earlier attempt at this very slot was cut off.
-- `instead`: the id of a slot that is being given up for it.

function _M.reserve(person, slot, now, instead)
    local wanted = interval(slot)

    wanted.lapses, wanted.instead = now + FLIGHT, instead

    for _ = 1, 4 do
        local done, _, other = visits(person):hold(slot.id, now, wanted)
        local own = other and other.id == slot.id
        local flying = other and other.state == "held" and other.data == ""

        -- of two that try the same slot, or one again whom Redis left in
        -- between, the slot gives a place to one

        if done or (flying and own and not instead) then
            return true
        end

        -- whoever moves a visit is alone in that: he may have been cut off

        local firm = not other or (flying and not (own and instead))
        local place

        if not firm then
            place = settle(person, other, now)
        end

        if place and own and (other.data == "" or instead) then
            return nil, "adopt", place
        end

        if place or firm then
            return nil, "duplicate-booking", { slot = other and other.id }
        end
    end

    return nil, "duplicate-booking"
end


-- lapses: 0 once it is firm.  Where another attempt has taken the entry away
-- it is made anew; false: something else is in its place.

function _M.keep(person, slot, number, lapses)
    for _ = 1, 2 do
        if visits(person):settle(slot.id, lapses, tostring(number)) then
            return true
        end
        if not visits(person):hold(slot.id, clock.now(), interval(slot)) then
            break
        end
    end

    return false
end


-- number: nil where the slot gave none

function _M.drop(person, slot_id, number)
    visits(person):release(slot_id, number and tostring(number) or "")
end


-- own visits, the latest first: { id, place }

function _M.list(person, now)
    local list = {}
    local all = visits(person):list(now)

    for i = #all, 1, -1 do
        local entry = all[i]
        local place = entry.state == "lapsed" and settle(person, entry, now)

        if place then
            entry.data = tostring(place.number)
        end

        if place or (entry.state ~= "lapsed" and entry.data ~= "") then
            list[#list + 1] = entry.id .. "." .. entry.data
        end
    end

    return list
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
