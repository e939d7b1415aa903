-- Copyright (C) Civic Gate
--
-- One patient of a stopped clinic goes to another slot.  Three notes make it
-- safe to be cut off anywhere, and to be begun again by another run:
--
--     the old place says where it is going, before anything is taken there
--     the new place says where it came from
--     the old place is given back only as it was read; who paid or
--     cancelled meanwhile is looked at again

local appointments = require "appointments"
local clock = require "clock"
local people = require "people"
local visits = require "visits"

local _M = {}


local function intend(it, slot_id)
    if it.links.to == slot_id then
        return true
    end

    it.links.to = slot_id
    local note = appointments.note(it.status, it.created, it.links)

    if not it.slot.pool:note(it.number, it.note, note) then
        return false
    end

    it.note = note
    return true
end


-- an earlier attempt got that far; what is paid since then is firm

local function arrived(it, slot, place, now)
    local _, created, links = appointments.read_note(place.note)

    if links.from ~= it.id then
        return nil
    end

    if it.state == "confirmed" and place.state == "held" then
        slot.pool:confirm(it.person, place.number, now, appointments.note(
            "booked", created, { receipt = it.links.receipt, from = it.id }))
        visits.keep(it.person, slot, place.number, 0)
    end

    return place.number
end


-- a place for `it` in `slot`: its number, or nil

local function take(it, slot, now)
    local free, code, place = visits.reserve(it.person, slot, now,
                                             it.slot.id)

    if code == "adopt" then
        return arrived(it, slot, place, now)
    end
    if not free then
        return nil
    end

    local hold = it.state == "held" and math.max(it.lapses - now, 1) or 0
    local note = appointments.note(hold > 0 and "pending" or "booked",
                                   it.created, {
        receipt = it.links.receipt, from = it.id,
    })
    local number, lapses = slot.pool:hold(it.person, now, hold, note)

    if not number then
        visits.drop(it.person, slot.id)
        slot.free = lapses == "already" and slot.free or 0
        return nil
    end

    slot.free = slot.free - 1
    visits.keep(it.person, slot, number, lapses)
    return number
end


-- "released"; "gone": its owner cancelled; "other": it was paid meanwhile.
-- The notice goes first: what is given back is not seen again.

local function leave(it, status, notice, now)
    it.links.to = notice.to
    notice.at, notice.reason = now, it.slot.meta.stopped
    people.notify(it.person, status, it.id, notice)

    local note = appointments.note(status, it.created, it.links)
    local done, other = it.slot.pool:release(it.person, it.number, now, note,
                                             it.note)

    if done then
        visits.drop(it.person, it.slot.id, it.number)
        return "released"
    end

    people.forget(it.person, status, it.id)
    return other and "other" or "gone"
end


-- true, false: there is no place in `slot`, or nil: look at `it` again

function _M.to(it, slot, now)
    if not intend(it, slot.id) then
        return nil
    end

    local number = take(it, slot, now)

    if not number then
        return false
    end

    local left = leave(it, "moved", { to = slot.id .. "." .. number,
                                      start = clock.iso(slot.start) }, now)

    if left == "gone" then
        slot.pool:release(it.person, number, now,
                          appointments.note("cancelled", it.created))
        visits.drop(it.person, slot.id, number)
    end

    return left == "released" or nil
end


-- there is no place anywhere: true, or nil as above

function _M.nowhere(it, now)
    return leave(it, "stopped", {}, now) == "released" or nil
end


return _M
