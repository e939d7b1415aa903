-- Copyright (C) Civic Gate
--
-- An appointment is a place in a slot, named by its number.  Its note in
-- the pool says what became of it:
--
--     pending -> booked -> arrived -> fulfilled
--        |         |-----> cancelled, noshow, moved, stopped
--        `-> lapsed: by itself, when the hold does
--
-- Two aggregates change, the person's and the slot's: hold the one, hold
-- the other, confirm both.  The slot's confirmation is what counts.
-- Functions return a result, or nil, a problem's code and its fields.

local clock = require "clock"
local people = require "people"
local schedules = require "schedules"

local _M = {}

local HOLD = 15 * clock.MINUTE


-- links: receipt, from, to; each a word

function _M.note(status, created, links)
    local words = { status, string.format("%.0f", created) }

    for _, name in ipairs { "receipt", "from", "to" } do
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


local function finish(slot, person, place, now)
    if place.state == "held" and slot.meta.fee == 0 then
        if not slot.pool:confirm(person, place.number, now,
                                 _M.note("booked", now))
        then
            return nil, "expired"
        end
        place.state, place.lapses = "confirmed", 0
        place.note = _M.note("booked", now)
    end

    if not people.keep(person, slot, place.number, place.lapses) then
        slot.pool:release(person, place.number, now,
                          _M.note("cancelled", now))
        return nil, "duplicate-booking"
    end

    return _M.of(slot, place)
end


-- booked where nothing is to be paid, else held for fifteen minutes

function _M.book(person, slot_id)
    local now = clock.now()
    local slot = schedules.find_slot(slot_id)

    if not slot then
        return nil, "not-found"
    end

    if slot.meta.stopped or slot.start <= now then
        return nil, "slot-closed"
    end

    local barred = people.barred(person, now)
    if barred then
        return nil, "booking-barred", { ["until"] = clock.iso(barred) }
    end

    local free, code, other = people.reserve(person, slot, now)
    if code == "adopt" then
        return finish(slot, person, other, now)
    end
    if not free then
        return nil, code, other
    end

    local number, lapses = slot.pool:hold(person, now, HOLD,
                                          _M.note("pending", now))
    if number then
        return finish(slot, person, { state = "held", number = number,
                                      holder = person, lapses = lapses,
                                      note = _M.note("pending", now) }, now)
    end

    if lapses == "already" then
        return nil, "duplicate-booking", { slot = slot.id }
    end

    people.drop(person, slot.id)
    return nil, lapses == "taken" and "slot-taken" or "slot-closed"
end


-- paid; who may say so is the route's business.  Who was moved while he
-- paid has paid for where he is now.

function _M.confirm(id, receipt, amount)
    local it, code = _M.find(id)

    for _ = 1, 4 do
        if it and it.status == "moved" then
            it, code = _M.find(it.links.to)
        end
    end

    if not it then
        return nil, code
    end

    if it.state == "confirmed" and it.links.receipt == receipt then
        people.keep(it.person, it.slot, it.number, 0)
        return it
    end

    if it.state == "confirmed" then
        return nil, "wrong-state", { status = it.status }
    end

    if amount ~= it.slot.meta.fee then
        return nil, "invalid-amount"
    end

    it.links.receipt = receipt
    local note = _M.note("booked", it.created, it.links)

    if it.state == "gone"
       or not it.slot.pool:confirm(it.person, it.number, clock.now(), note)
    then
        return nil, "expired"
    end

    people.keep(it.person, it.slot, it.number, 0)
    it.state, it.status, it.lapses = "confirmed", "booked", 0
    return it
end


-- a place that was taken for it elsewhere while its clinic was stopped

local function abandon(it, now)
    local slot = schedules.find_slot(it.links.to or "")
    local place = slot and slot.pool:of(it.person, now)
    local _, _, links = _M.read_note(place and place.note or "- 0")

    if links.from == it.id then
        slot.pool:release(it.person, place.number, now,
                          _M.note("cancelled", it.created))
        people.drop(it.person, slot.id, place.number)
    end
end


-- before the cut-off the place is free again at once

function _M.cancel(id, person, cutoff)
    local it, code = _M.find(id, person)

    if not it then
        return nil, code
    end

    if it.status == "pending" or it.status == "booked" then
        local now = clock.now()

        if it.status == "booked" and it.slot.start - cutoff <= now then
            return nil, "too-late"
        end

        it.slot.pool:release(person, it.number, now,
                             _M.note("cancelled", it.created, it.links))
        it.status, it.state = "cancelled", "gone"
        abandon(it, now)

    elseif it.status ~= "cancelled" then
        return nil, "wrong-state", { status = it.status }
    end

    people.drop(person, it.slot.id, it.number)
    return it
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


function _M.no_show(id)
    local it, code, fields = _M.find(id)

    if not it then
        return nil, code
    end

    if it.slot.stop > clock.now() then
        return nil, "too-early"
    end

    it, code, fields = _M.advance(it, "booked", "noshow")
    if not it then
        return nil, code, fields
    end

    people.miss(it.person, it.id, it.slot.stop)
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

    for i, id in ipairs(people.list(person, clock.now())) do
        if i > limit then
            break
        end
        list[#list + 1] = _M.find(id, person)
    end

    return list
end


return _M
