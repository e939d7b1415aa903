-- Copyright (C) Civic Gate
--
-- A stopped clinic's patients move to the department's next free slots, by
-- the order in which they stood: slot, then number.  Whoever finds none
-- within `days` is told so.  Cut off anywhere, it is taken up again by the
-- schedule's job: a note on the old place says where it was going, and the
-- new place says where from.

local once = require "civic.once"
local appointments = require "appointments"
local clock = require "clock"
local people = require "people"
local schedules = require "schedules"

local _M = {}

local LEASE = 30000
local BATCH = 20                           -- patients in one run


local function pending()
    return civic.store.at("stopped")
end


-- open slots of the department after the clinic's own, the earliest first

local function candidates(meta, days, now)
    local list = {}

    for d = 0, days do
        local date = clock.date(meta.start + d * clock.DAY)

        for _, other in ipairs(schedules.day(meta.department, date)) do
            if other.id ~= meta.id and other.fee == meta.fee
               and other.stop > now and other.stop > meta.start
            then
                for _, slot in ipairs(schedules.slots(other, now)) do
                    if slot.free > 0 then
                        list[#list + 1] = slot
                    end
                end
            end
        end
    end

    table.sort(list, function (a, b)
        if a.start ~= b.start then
            return a.start < b.start
        end
        local own_a, own_b = a.meta.doctor == meta.doctor,
                             b.meta.doctor == meta.doctor
        if own_a ~= own_b then
            return own_a
        end
        return a.id < b.id
    end)

    return list
end


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


-- a place for `it` in `slot`: its number, or nil

local function take(it, slot, now)
    local free, code, place = people.reserve(it.person, slot, now,
                                             it.slot.id)

    if code == "adopt" then
        local _, _, links = appointments.read_note(place.note)
        return links.from == it.id and place.number or nil
    end
    if not free then
        return nil
    end

    local hold = it.state == "held" and math.max(it.lapses - now, 1) or 0
    local note = appointments.note(it.status, it.created, {
        receipt = it.links.receipt, from = it.id,
    })
    local number, lapses = slot.pool:hold(it.person, now, hold, note)

    if not number then
        people.drop(it.person, slot.id)
        slot.free = lapses == "already" and slot.free or 0
        return nil
    end

    slot.free = slot.free - 1
    people.keep(it.person, slot.id, number, lapses)
    return number
end


local function leave(it, status, to, now)
    it.links.to = to
    it.slot.pool:release(it.person, it.number, now,
                         appointments.note(status, it.created, it.links))
    people.drop(it.person, it.slot.id, it.number)
end


-- "moved", "stopped", or nil: it changed in between, look again

local function move(it, slots, now)
    local meta = it.slot.meta
    local aim = it.links.to

    for pass = aim and 0 or 1, 1 do
        for _, slot in ipairs(slots) do
            if slot.start > it.slot.start and slot.free > 0
               and (pass == 1 or slot.id == aim)
            then
                if not intend(it, slot.id) then
                    return nil
                end

                local number = take(it, slot, now)

                if number then
                    local id = slot.id .. "." .. number

                    leave(it, "moved", id, now)
                    people.notify(it.person, "moved", it.id, {
                        at = now, reason = meta.stopped, to = id,
                        start = clock.iso(slot.start),
                    })
                    return "moved"
                end
            end
        end
    end

    leave(it, "stopped", nil, now)
    people.notify(it.person, "stopped", it.id, { at = now,
                                                 reason = meta.stopped })
    return "stopped"
end


-- { moved, stopped, left }

function _M.run(meta, days)
    local now = clock.now()
    local result = { moved = 0, stopped = 0, left = 0 }
    local store = schedules.store(meta.id)
    local state, fence = once.begin(store, "rebook", meta.id, LEASE, now)
    local list = appointments.list(meta, now)

    if state ~= "begin" then
        result.left = #list
        return result
    end

    local slots = #list > 0 and candidates(meta, days, now) or {}

    for i, it in ipairs(list) do
        local outcome

        if i <= BATCH and (it.status == "booked" or it.status == "pending")
        then
            outcome = move(it, slots, now) or "left"
        elseif i > BATCH then
            outcome = "left"
        end

        if outcome then
            result[outcome] = result[outcome] + 1
        end
    end

    once.free(store, "rebook", fence)

    if result.left == 0 then
        pending():srem("schedules", meta.id)
    end

    return result
end


function _M.stop(meta, reason, days)
    pending():sadd("schedules", meta.id)
    schedules.stop(meta, reason)
    return _M.run(meta, days)
end


-- what was cut off: one clinic each time

function _M.resume(days)
    for _, id in ipairs(pending():smembers("schedules")) do
        local meta = schedules.load(id)

        if meta then
            schedules.stop(meta, meta.stopped or "")
            return _M.run(meta, days)
        end

        pending():srem("schedules", id)
    end
end


return _M
