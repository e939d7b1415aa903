-- Copyright (C) Civic Gate
--
-- A schedule is one session of one doctor: DEPARTMENT.DOCTOR.DATE.START.
-- Its slots are pools of places in its own aggregate, a slot's id is the
-- schedule's and its time, an appointment's the slot's and its number:
--
--     0302.d17.20261201.0800        schedule
--     0302.d17.20261201.0800.0830   slot
--     0302.d17.20261201.0800.0830.7 appointment
--
-- So an id says where to look.  The schedule's `session` holds what was
-- published and never changes, and whether it was stopped; a copy in
-- day:DEPARTMENT:DATE lets a day be listed.

local capacity = require "civic.capacity"
local intervals = require "civic.intervals"
local clock = require "clock"

local _M = {}

local KEEP = 180 * clock.DAY               -- how long a past day is kept
local SLOTS = 96


function _M.store(id)
    return civic.store.at("schedule:" .. id)
end


local function day_store(department, date)
    return civic.store.at("day:" .. department .. ":" .. date)
end


-- a doctor's own time

local function sessions(doctor)
    return intervals.book(civic.store.at("doctor:" .. doctor), "sessions")
end


-- schedule, time, number of any of the three ids; nil: it is none of them

function _M.parse(id)
    local schedule, rest = tostring(id):match(
        "^(%w+%.%w+%.%d%d%d%d%d%d%d%d%.%d%d%d%d)(.*)$")

    if not schedule or #id > 64 then
        return nil
    end

    local time, number = rest:match("^%.(%d%d%d%d)(.*)$")

    if rest == "" or number == "" then
        return schedule, time
    end

    number = number and number:match("^%.([1-9]%d*)$")
    if number and #number <= 5 then
        return schedule, time, tonumber(number)
    end
end


local function times(meta)
    local list = {}

    for at = meta.start, meta.stop - meta.minutes * clock.MINUTE,
             meta.minutes * clock.MINUTE
    do
        list[#list + 1] = clock.hhmm(at)
    end

    return list
end


-- what is stored of a session that an officer describes; nil and a problem

function _M.describe(body)
    local midnight = clock.day(body.date)
    local from, to = clock.time(body.start), clock.time(body["end"])

    if not (midnight and from and to) or from >= to
       or (to - from) % (body.minutes * clock.MINUTE) ~= 0
       or (to - from) / (body.minutes * clock.MINUTE) > SLOTS
    then
        return nil, "invalid-session"
    end

    return {
        id = string.format("%s.%s.%s.%s", body.department.code,
                           body.doctor.code, (body.date:gsub("-", "")),
                           clock.hhmm(midnight + from)),
        department = body.department.code,
        department_name = body.department.name,
        doctor = body.doctor.code,
        doctor_name = body.doctor.name,
        date = body.date,
        start = midnight + from,
        stop = midnight + to,
        minutes = body.minutes,
        capacity = body.capacity,
        fee = body.fee or 0,
    }
end


local function same(a, b)
    for key, value in pairs(a) do
        if b[key] ~= value then
            return false
        end
    end
    return true
end


-- true where it is new; nil and a problem.  Every step may be done again,
-- so an officer who got no answer publishes once more.

function _M.publish(meta, now)
    local old = _M.load(meta.id)

    if old and not same(meta, old) then
        return nil, "schedule-exists", { schedule = meta.id }
    end

    if meta.start <= now then
        return nil, "invalid-session"
    end

    local store = _M.store(meta.id)

    -- what is there already was opened, and may be stopped since

    if not old then
        local free, _, other = sessions(meta.doctor):hold(meta.id, now, {
            from = meta.start, to = meta.stop,
        })

        if not free and (not other or other.id ~= meta.id) then
            return nil, "schedule-exists", { schedule = other and other.id }
        end

        capacity.open(store, times(meta), { capacity = meta.capacity,
                                            expires = meta.stop + KEEP })
    end

    local expires = string.format("%.0f", meta.stop + KEEP)
    local text = civic.json.encode(meta)
    local day = day_store(meta.department, meta.date)

    store:hset("session", "meta", text)
    store:pexpireat("session", expires)
    day:hset("sessions", meta.id, text)
    day:pexpireat("sessions", expires)

    return not old
end


-- what was published, with `stopped`: the reason, or nil

function _M.load(id)
    local r = _M.store(id):hmget("session", "meta", "stopped")

    if type(r[1]) ~= "string" then
        return nil
    end

    local meta = civic.json.decode(r[1])

    meta.stopped = type(r[2]) == "string" and r[2] or nil
    return meta
end


function _M.pool(schedule, time)
    return capacity.pool(_M.store(schedule), time)
end


local function make(meta, time, start)
    return {
        id = meta.id .. "." .. time,
        meta = meta,
        time = time,
        start = start,
        stop = start + meta.minutes * clock.MINUTE,
        pool = _M.pool(meta.id, time),
    }
end


-- a slot by its time, or nil: the session has none then

function _M.slot(meta, time)
    local start = clock.day(meta.date) + (clock.time(time) or -1)

    if start < meta.start or start >= meta.stop
       or (start - meta.start) % (meta.minutes * clock.MINUTE) ~= 0
    then
        return nil
    end

    return make(meta, time, start)
end


function _M.find_slot(id)
    local schedule, time, number = _M.parse(id)
    local meta = time and not number and _M.load(schedule)

    return meta and _M.slot(meta, time) or nil
end


-- all slots of a session, with what is free in each

function _M.slots(meta, now)
    local names, list = times(meta), {}
    local counts = capacity.count(_M.store(meta.id), names, now)

    for i, time in ipairs(names) do
        local slot = make(meta, time, meta.start
                                      + (i - 1) * meta.minutes * clock.MINUTE)

        slot.capacity = counts[i] and counts[i].capacity or 0
        slot.closed = not counts[i] or counts[i].closed or slot.start <= now
        slot.free = slot.closed and 0 or counts[i].free
        list[i] = slot
    end

    return list
end


-- sessions of a department and day, the earliest first

function _M.day(department, date)
    local list = {}
    local all = day_store(department, date):hgetall("sessions")

    for i = 2, #all, 2 do
        list[#list + 1] = civic.json.decode(all[i])
    end

    table.sort(list, function (a, b)
        if a.start ~= b.start then
            return a.start < b.start
        end
        return a.id < b.id
    end)

    return list
end


-- nothing more is given; who holds a place keeps it until it is moved

function _M.stop(meta, reason)
    local store = _M.store(meta.id)

    capacity.open(store, times(meta), { closed = true })
    store:hset("session", "stopped", reason)
    sessions(meta.doctor):release(meta.id)
    meta.stopped = reason
end


return _M
