-- Copyright (C) Civic Gate
--
-- An appointment is a place in a slot, named by its number.  Its note in
-- the pool says what became of it:
--
--     pending -> booked -> arrived -> fulfilled
--        |         |-----> cancelled, noshow, moved, stopped
--        `-> lapsed: by itself, when the hold does
--
-- What only reads, or goes from one status to the next, is here; bookings
-- make and end them.

local clock = require "clock"
local schedules = require "schedules"
local visits = require "visits"

local _M = {}


-- links: receipt, from, to, and once, of the request that took the place;
-- each a word

function _M.note(status, created, links)
    local words = { status, string.format("%.0f", created) }

    for _, name in ipairs { "receipt", "from", "to", "once" } do
        if links and links[name] then
            words[#words + 1] = name .. "=" .. links[name]
        end
    end

    return table.concat(words, " ")
end


function _M.read_note(note)
    local status, created, rest = note:match("^(%S+) (%d+)(.*)$")
    local links = {}

    for name, value in rest:gmatch(" (%a+)=(%S+)") do
        links[name] = value
    end

    return status, tonumber(created), links
end


-- the appointment that a place of a slot is

function _M.of(slot, place)
    local status, created, links = _M.read_note(place.note)

    if place.state == "gone" and (status == "pending" or status == "booked")
    then
        status = "lapsed"
    end

    return {
        id = slot.id .. "." .. place.number,
        slot = slot,
        person = place.holder,
        number = place.number,
        state = place.state,
        status = status,
        created = created,
        links = links,
        lapses = place.lapses,
        note = place.note,
    }
end


-- by id; `person`: whose it must be, nil for those who may see everyone's

function _M.find(id, person)
    local schedule, time, number = schedules.parse(id)
    local meta = number and schedules.load(schedule)
    local slot = meta and schedules.slot(meta, time)
    local place = slot and slot.pool:find(number, clock.now())

    if not place or (person and place.holder ~= person) then
        return nil, "not-found"
    end

    return _M.of(slot, place)
end


-- from one status to another, unless it has moved on meanwhile

function _M.advance(it, from, to)
    if it.status == to then
        return it
    end

    if it.state ~= "confirmed" or it.status ~= from
       or not it.slot.pool:note(it.number, it.note,
                                _M.note(to, it.created, it.links))
    then
        return nil, "wrong-state", { status = it.status }
    end

    it.status, it.note = to, _M.note(to, it.created, it.links)
    return it
end


-- those of a session whom `wanted` wants, by times and numbers: at most
-- `limit`, behind the one with the id `after`; true follows where there may
-- be more

function _M.list(meta, now, limit, after, wanted)
    local _, time, number = schedules.parse(after or "")
    local list = {}

    for _, slot in ipairs(schedules.slots(meta, now)) do
        local from = slot.time == time and number or 0

        while from and (not time or slot.time >= time) do
            local page
            page, from = slot.pool:list(now, from, 100)

            for _, place in ipairs(page) do
                local it = _M.of(slot, place)

                if not wanted or wanted(it) then
                    if #list == limit then
                        return list, true
                    end
                    list[#list + 1] = it
                end
            end
        end
    end

    return list, false
end


function _M.own(person, limit)
    local list = {}

    for i, id in ipairs(visits.list(person, clock.now())) do
        if i > limit then
            break
        end
        list[#list + 1] = _M.find(id, person)
    end

    return list
end


return _M
