-- Copyright (C) Civic Gate
--
-- A person's own time: what is booked, so that no two visits overlap and no
-- two are of one department and day.
--
-- The slot is the truth; this is an index of it.  Where it refuses, or an
-- entry of it was never finished, the slot is asked, so that a crash between
-- the two leaves nothing behind.

local intervals = require "civic.intervals"
local clock = require "clock"
local schedules = require "schedules"

local _M = {}

local FLIGHT = 30000                       -- longer than a request may take
local KEEP = 180 * clock.DAY


local function book(person)
    return intervals.book(civic.store.at("person:" .. person), "visits")
end


-- the slot's word on an entry: the place, or nil where there is none

local function ask(person, entry, now)
    local schedule, time = schedules.parse(entry.id)
    local pool = schedules.pool(schedule, time)
    local place

    if entry.data == "" then
        place = pool:of(person, now)
    else
        place = pool:find(tonumber(entry.data), now)
    end

    return place and place.state ~= "gone" and place or nil
end


-- the same, and the entry is brought into line

local function settle(person, entry, now)
    local place = ask(person, entry, now)

    if not place then
        book(person):release(entry.id, entry.data)
        return nil
    end

    book(person):settle(entry.id, place.lapses, tostring(place.number))
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
        local done, _, other = book(person):hold(slot.id, now, wanted)
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
        if book(person):settle(slot.id, lapses, tostring(number)) then
            return true
        end
        if not book(person):hold(slot.id, clock.now(), interval(slot)) then
            break
        end
    end

    return false
end


-- number: nil where the slot gave none

function _M.drop(person, slot_id, number)
    book(person):release(slot_id, number and tostring(number) or "")
end


-- ids of own appointments, the latest first.  What is still being booked, or
-- was cut off in that, is there once the slot has given a place.

function _M.list(person, now)
    local list = {}
    local all = book(person):list(now)

    for i = #all, 1, -1 do
        local entry, place = all[i], nil

        if entry.state == "lapsed" then
            place = settle(person, entry, now)
        elseif entry.data == "" then
            place = ask(person, entry, now)
        end

        if place then
            entry.data = tostring(place.number)
        end

        if place or (entry.state ~= "lapsed" and entry.data ~= "") then
            list[#list + 1] = entry.id .. "." .. entry.data
        end
    end

    return list
end


return _M
