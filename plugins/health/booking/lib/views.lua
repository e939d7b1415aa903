-- Copyright (C) Civic Gate
--
-- What clients see, as JSON.

local clock = require "clock"

local _M = {}


local function department(meta)
    return { code = meta.department, name = meta.department_name }
end


local function doctor(meta)
    return { code = meta.doctor, name = meta.doctor_name }
end


function _M.schedule(meta)
    return {
        id = meta.id,
        department = department(meta),
        doctor = doctor(meta),
        date = meta.date,
        start = clock.iso(meta.start),
        ["end"] = clock.iso(meta.stop),
        minutes = meta.minutes,
        capacity = meta.capacity,
        fee = meta.fee,
        stopped = meta.stopped,
    }
end


function _M.slot(slot)
    return {
        id = slot.id,
        schedule = slot.meta.id,
        department = department(slot.meta),
        doctor = doctor(slot.meta),
        start = clock.iso(slot.start),
        ["end"] = clock.iso(slot.stop),
        capacity = slot.capacity,
        free = slot.free,
        fee = slot.meta.fee,
    }
end


function _M.appointment(it)
    local meta = it.slot.meta

    return {
        id = it.id,
        status = it.status,
        slot = it.slot.id,
        number = it.number,
        department = department(meta),
        doctor = doctor(meta),
        start = clock.iso(it.slot.start),
        ["end"] = clock.iso(it.slot.stop),
        fee = meta.fee,
        created = clock.iso(it.created),
        hold_until = it.status == "pending" and clock.iso(it.lapses) or nil,
        moved_to = it.status == "moved" and it.links.to or nil,
    }
end


-- for the clinic: whose it is, under the name that the person has here

function _M.patient(it)
    local view = _M.appointment(it)

    view.patient = it.person
    return view
end


function _M.notice(notice)
    notice.at = clock.iso(notice.at)
    return notice
end


function _M.list(items, view)
    local list = {}

    for i, item in ipairs(items) do
        list[i] = view(item)
    end

    return civic.json.array(list)
end


return _M
