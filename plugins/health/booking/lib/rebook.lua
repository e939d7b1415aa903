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
local move = require "move"
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


-- "moved", "stopped", or "left": it changed in between

local function place(it, slots, now)
    local i = 0
    local slot = it.links.to and schedules.find_slot(it.links.to)

    if slot then
        slot.free = 1                      -- perhaps it is there already
    end

    repeat
        if slot and slot.free > 0 and slot.start > it.slot.start then
            local moved = move.to(it, slot, now)

            if moved ~= false then
                return moved and "moved" or "left"
            end
        end

        i = i + 1
        slot = slots(i)
    until not slot

    return move.nowhere(it, now) and "stopped" or "left"
end


-- who came, or will come, to a slot that is not over

local function concerned(now)
    return function (it)
        return it.slot.stop > now
               and (it.status == "pending" or it.status == "booked"
                    or it.status == "arrived")
    end
end


-- { moved, stopped, more }: how many were, and whether there are more

function _M.run(meta, days)
    local now = clock.now()
    local result = { moved = 0, stopped = 0, more = true }
    local store = schedules.store(meta.id)
    local state, fence = once.begin(store, "rebook", meta.id, LEASE, now)

    if state ~= "begin" then
        return result
    end

    local list, more = appointments.list(meta, now, BATCH, nil,
                                         concerned(now))
    local slots = candidates(meta, days, now)

    for _, it in ipairs(list) do
        local outcome = place(it, slots, now)

        if outcome == "left" then
            more = true
        else
            result[outcome] = result[outcome] + 1
        end
    end

    once.free(store, "rebook", fence)

    if not more then
        pending():srem("schedules", meta.id)
    end

    result.more = more
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
