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


local function earlier(doctor)
    return function (a, b)
        if a.start ~= b.start then
            return a.start < b.start
        end
        if (a.meta.doctor == doctor) ~= (b.meta.doctor == doctor) then
            return a.meta.doctor == doctor
        end
        return a.id < b.id
    end
end


-- open slots of the department on one day, the earliest first

local function open_slots(meta, date, now)
    local list = {}

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

    table.sort(list, earlier(meta.doctor))
    return list
end


-- the i-th open slot from the clinic's day on; days are read as needed

local function candidates(meta, days, now)
    local list, day = {}, 0

    return function (i)
        while not list[i] and day <= days do
            local date = clock.date(meta.start + day * clock.DAY)

            for _, slot in ipairs(open_slots(meta, date, now)) do
                list[#list + 1] = slot
            end
            day = day + 1
        end

        return list[i]
    end
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


-- whether `it` found a place in `slot`; nil: it changed in between

local function move(it, slot, now)
    if not intend(it, slot.id) then
        return nil
    end

    local number = take(it, slot, now)

    if not number then
        return false
    end

    local id = slot.id .. "." .. number

    leave(it, "moved", id, now)
    people.notify(it.person, "moved", it.id, {
        at = now, reason = it.slot.meta.stopped, to = id,
        start = clock.iso(slot.start),
    })
    return true
end


-- "moved", "stopped", or "left": it changed in between, look again

local function place(it, slots, now)
    local i = 0
    local slot = it.links.to and schedules.find_slot(it.links.to)

    if slot then
        slot.free = 1                      -- perhaps it is there already
    end

    repeat
        local moved = false

        if slot and slot.free > 0 and slot.start > it.slot.start then
            moved = move(it, slot, now)
        end

        if moved ~= false then
            return moved and "moved" or "left"
        end

        i = i + 1
        slot = slots(i)
    until not slot

    leave(it, "stopped", nil, now)
    people.notify(it.person, "stopped", it.id, {
        at = now, reason = it.slot.meta.stopped,
    })
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

    local slots = candidates(meta, days, now)

    for i, it in ipairs(list) do
        local outcome

        if i <= BATCH and (it.status == "booked" or it.status == "pending")
        then
            outcome = place(it, slots, now)
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
