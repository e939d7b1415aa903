-- Copyright (C) Civic Gate
--
-- Booking, paying, cancelling, and not coming.  Two aggregates change, the
-- person's and the slot's: hold the one, hold the other, confirm both.  The
-- slot's confirmation is what counts.
--
-- Who got no answer asks again.  A place says which request took it, so that
-- this one, whenever it comes again, is answered with that booking; any other
-- is told duplicate-booking and which one it is.
--
-- Functions return a result, or nil, a problem's code and its fields.

local appointments = require "appointments"
local clock = require "clock"
local people = require "people"
local schedules = require "schedules"
local visits = require "visits"

local _M = {}

local HOLD = 15 * clock.MINUTE

local note = appointments.note


local function finish(slot, person, place, now)
    if place.state == "held" and slot.meta.fee == 0 then
        local _, _, links = appointments.read_note(place.note)
        local booked = note("booked", now, links)

        if not slot.pool:confirm(person, place.number, now, booked) then
            return nil, "expired"
        end
        place.state, place.lapses, place.note = "confirmed", 0, booked
    end

    if not visits.keep(person, slot, place.number, place.lapses) then
        slot.pool:release(person, place.number, now, note("cancelled", now))
        return nil, "duplicate-booking"
    end

    return appointments.of(slot, place)
end


-- refused, unless there is a place of one's own

local function refuse(slot, person, once, now, code, fields)
    local place = slot.pool:of(person, now)

    if not place or place.state == "gone" then
        return nil, code, fields
    end

    local it = appointments.of(slot, place)

    if once and it.links.once == once then
        return finish(slot, person, place, now)
    end

    return nil, "duplicate-booking", { slot = slot.id, appointment = it.id }
end


local function take(slot, person, once, now)
    local text = note("pending", now, { once = once })
    local number, lapses = slot.pool:hold(person, now, HOLD, text)

    if number then
        people.take(person, now)
        return finish(slot, person, { state = "held", number = number,
                                      holder = person, lapses = lapses,
                                      note = text }, now)
    end

    if lapses == "already" then
        return refuse(slot, person, once, now, "duplicate-booking",
                      { slot = slot.id })
    end

    visits.drop(person, slot.id)
    return nil, lapses == "taken" and "slot-taken" or "slot-closed"
end


-- booked where nothing is to be paid, else held for fifteen minutes.  Each
-- place that is taken uses up one of the slot's numbers for good, and keeps
-- others out meanwhile: so there are only so many for one person in a day.
-- `once`: the request's own name, where it has one.

function _M.book(person, slot_id, once)
    local now = clock.now()
    local slot = schedules.find_slot(slot_id)

    if not slot then
        return nil, "not-found"
    end

    if slot.meta.stopped or slot.start <= now then
        return refuse(slot, person, once, now, "slot-closed")
    end

    local barred = people.barred(person, now)
    if barred then
        return refuse(slot, person, once, now, "booking-barred",
                      { ["until"] = clock.iso(barred) })
    end

    if people.taken(person, now) >= civic.config.places_per_day then
        return refuse(slot, person, once, now, "too-many-places", {
            ["until"] = clock.iso(clock.day(clock.date(now)) + clock.DAY),
        })
    end

    local free, code, other = visits.reserve(person, slot, now)
    if code == "adopt" then
        return finish(slot, person, other, now)
    end
    if not free then
        return refuse(slot, person, once, now, code, other)
    end

    return take(slot, person, once, now)
end


-- paid; who may say so is the route's business.  Who was moved while he
-- paid has paid for where he is now.

function _M.confirm(id, receipt, amount)
    local it, code = appointments.find(id)

    for _ = 1, 4 do
        if it and it.status == "moved" then
            it, code = appointments.find(it.links.to)
        end
    end

    if not it then
        return nil, code
    end

    if it.state == "confirmed" and it.links.receipt == receipt then
        visits.keep(it.person, it.slot, it.number, 0)
        return it
    end

    if it.state == "confirmed" then
        return nil, "wrong-state", { status = it.status }
    end

    if amount ~= it.slot.meta.fee then
        return nil, "invalid-amount"
    end

    it.links.receipt = receipt
    local text = note("booked", it.created, it.links)

    if it.state == "gone"
       or not it.slot.pool:confirm(it.person, it.number, clock.now(), text)
    then
        return nil, "expired"
    end

    visits.keep(it.person, it.slot, it.number, 0)
    it.state, it.status, it.lapses = "confirmed", "booked", 0
    return it
end


-- a place that was taken for it elsewhere while its clinic was stopped

local function abandon(it, now)
    local slot = schedules.find_slot(it.links.to or "")
    local place = slot and slot.pool:of(it.person, now)
    local _, _, links = appointments.read_note(place and place.note or "- 0")

    if links.from == it.id then
        slot.pool:release(it.person, place.number, now,
                          note("cancelled", it.created))
        visits.drop(it.person, slot.id, place.number)
    end
end


-- before the cut-off the place is free again at once

function _M.cancel(id, person, cutoff)
    local it, code = appointments.find(id, person)

    if not it then
        return nil, code
    end

    if it.status == "pending" or it.status == "booked" then
        local now = clock.now()

        if it.status == "booked" and it.slot.start - cutoff <= now then
            return nil, "too-late"
        end

        local _, other = it.slot.pool:release(person, it.number, now,
            note("cancelled", it.created, it.links), it.note)

        if other then
            return nil, "wrong-state", { status = "changing" }
        end

        it.status, it.state = "cancelled", "gone"
        abandon(it, now)

    elseif it.status ~= "cancelled" then
        return nil, "wrong-state", { status = it.status }
    end

    visits.drop(person, it.slot.id, it.number)
    return it
end


function _M.no_show(id)
    local it, code, fields = appointments.find(id)

    if not it then
        return nil, code
    end

    if it.slot.stop > clock.now() then
        return nil, "too-early"
    end

    it, code, fields = appointments.advance(it, "booked", "noshow")
    if not it then
        return nil, code, fields
    end

    people.miss(it.person, it.id, it.slot.stop)
    return it
end


return _M
