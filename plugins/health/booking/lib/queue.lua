-- Copyright (C) Civic Gate
--
-- Who waits at a clinic: those who checked in, in that order.  A ticket
-- never changes and nobody is put in before it, so whoever waits only moves
-- forward.

local once = require "civic.once"
local appointments = require "appointments"
local clock = require "clock"
local people = require "people"
local schedules = require "schedules"

local _M = {}

local OPENS = 60 * clock.MINUTE            -- before the slot
local SOON = 3                             -- so many ahead: a notice


-- nil: not in the queue (any more)

local function position(store, it)
    local ticket = store:zscore("queue", it.id)
    local ahead = ticket and store:zrank("queue", it.id)

    if not ahead then
        return nil
    end

    return {
        appointment = it.id,
        ticket = tonumber(ticket),
        ahead = ahead,
        wait_minutes = math.ceil(ahead * it.slot.meta.minutes
                                 / math.max(it.slot.meta.capacity, 1)),
    }
end


function _M.check_in(id, person)
    local it, code, fields = appointments.find(id, person)
    local now = clock.now()

    if not it then
        return nil, code
    end

    if it.slot.start - OPENS > now or it.slot.stop <= now then
        return nil, it.slot.stop <= now and "too-late" or "too-early"
    end

    it, code, fields = appointments.advance(it, "booked", "arrived")
    if not it then
        return nil, code, fields
    end

    local store = schedules.store(it.slot.meta.id)

    if not store:zscore("queue", it.id) then
        local ticket = once.number(store, "tickets")

        store:zadd("queue", "NX", ticket, it.id)
        store:pexpireat("queue", string.format("%.0f",
                                               it.slot.meta.stop + clock.DAY))
        store:pexpireat("tickets", string.format("%.0f", it.slot.meta.stop
                                                 + clock.DAY))
    end

    return position(store, it)
end


function _M.position(id, person)
    local it, code = appointments.find(id, person)

    if not it then
        return nil, code
    end

    local place = position(schedules.store(it.slot.meta.id), it)

    if not place then
        return nil, "wrong-state", { status = it.status }
    end

    return place
end


local function tell(store, now)
    for ahead, id in ipairs(store:zrange("queue", 0, SOON)) do
        local it = appointments.find(id)

        if it then
            people.notify(it.person, "soon", id, { at = now,
                                                   ahead = ahead - 1 },
                          true)
        end
    end
end


-- the next one is called in; nil: nobody waits.  Two who call at once get
-- two different people: only one of them removes an entry.

function _M.next(meta)
    local store = schedules.store(meta.id)

    for _ = 1, 16 do
        local id = store:zrange("queue", 0, 0)[1]

        if not id then
            return nil
        end

        local it = appointments.find(id)
        local called = it and appointments.advance(it, "arrived",
                                                   "fulfilled")

        if store:zrem("queue", id) == 1 and called then
            tell(store, clock.now())
            return called
        end
    end

    return nil, "wrong-state", { status = "busy" }
end


return _M
