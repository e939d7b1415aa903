-- Copyright (C) Civic Gate
--
-- What /fhir answers.  The rules are those of the other routes; only the
-- words differ: resources, searchset Bundles, OperationOutcome.

local appointments = require "appointments"
local bookings = require "bookings"
local clock = require "clock"
local fhir = require "fhir"
local people = require "people"
local schedules = require "schedules"

local _M = {}

local OUTCOMES = {                 -- status, IssueType
    ["not-found"] = { 404, "not-found" },
    ["slot-taken"] = { 409, "conflict" },
    ["slot-closed"] = { 409, "conflict" },
    ["duplicate-booking"] = { 409, "duplicate" },
    ["expired"] = { 410, "expired" },
    ["booking-barred"] = { 403, "business-rule" },
    ["too-many-places"] = { 429, "throttled" },
    ["invalid-resource"] = { 422, "invalid" },
    ["invalid-search"] = { 400, "invalid" },
}


local function refuse(code, text)
    local as = OUTCOMES[code]

    return as[1], fhir.outcome(code, as[2], text), fhir.headers()
end


local function found(resource)
    return 200, resource, fhir.headers()
end


-- the request had it decoded

local function encoded(text)
    return (text:gsub("[^%w._~:/-]", function (byte)
        return string.format("%%%02X", byte:byte())
    end))
end


local function bundle(request, list, view)
    local resources, words = {}, {}

    for i, item in ipairs(list) do
        resources[i] = view(item)
    end

    for name, value in pairs(request.query) do
        if type(value) == "string" then
            words[#words + 1] = encoded(name) .. "=" .. encoded(value)
        end
    end
    table.sort(words)

    return found(fhir.bundle(resources, request.path
                 .. (#words > 0 and "?" .. table.concat(words, "&") or "")))
end


-- "Kind/ID" or "ID" of a search parameter

local function id_of(kind, text)
    return text and (text:match("^" .. kind .. "/(.+)$") or text)
end


-- the code of a token, "system|code" or "code"

local function code_of(text)
    return text and (text:match("|(.*)$") or text)
end


function _M.schedules(request)
    local query = request.query
    local department = code_of(query.specialty)
    local date = query.date and query.date:gsub("^eq", "")
    local doctor = id_of("Practitioner", query.actor)
    local list = {}

    if not department or not department:match("^%w+$")
       or not date or not clock.day(date)
    then
        return refuse("invalid-search", "specialty and date are required")
    end

    for _, meta in ipairs(schedules.day(department, date)) do
        if not doctor or doctor == meta.doctor then
            list[#list + 1] = schedules.load(meta.id)
        end
    end

    return bundle(request, list, fhir.schedule)
end


function _M.schedule(request)
    local id, time = schedules.parse(request.params.id)
    local meta = id and not time and schedules.load(id)

    if not meta then
        return refuse("not-found")
    end

    return found(fhir.schedule(meta))
end


function _M.slots(request)
    local id, time = schedules.parse(id_of("Schedule",
                                           request.query.schedule))
    local status, list = code_of(request.query.status), {}

    if not id or time then
        return refuse("invalid-search", "schedule is required")
    end

    local meta = schedules.load(id)

    for _, slot in ipairs(meta and schedules.slots(meta, clock.now()) or {})
    do
        if not status or status == fhir.slot_status(slot) then
            list[#list + 1] = slot
        end
    end

    return bundle(request, list, fhir.slot)
end


function _M.slot(request)
    local schedule, _, number = schedules.parse(request.params.id)
    local meta = schedule and not number and schedules.load(schedule)

    for _, slot in ipairs(meta and schedules.slots(meta, clock.now()) or {})
    do
        if slot.id == request.params.id then
            return found(fhir.slot(slot))
        end
    end

    return refuse("not-found")
end


function _M.appointments(request)
    local person = people.digest(request.caller)
    local patient = id_of("Patient", request.query.patient)
    local status, list = code_of(request.query.status), {}

    for _, it in ipairs(appointments.own(person, 50)) do
        if (not patient or patient == person)
           and (not status or fhir.appointment(it).status == status)
        then
            list[#list + 1] = it
        end
    end

    return bundle(request, list, fhir.appointment)
end


function _M.appointment(request)
    local it, code = appointments.find(request.params.id,
                                       people.digest(request.caller))

    if not it then
        return refuse(code)
    end

    return found(fhir.appointment(it))
end


function _M.book(request)
    local person = people.digest(request.caller)
    local slot, why = fhir.wanted(request.body, person)

    if not slot then
        return refuse("invalid-resource", why)
    end

    local it, code, fields = bookings.book(person, slot, request.once)

    if not it then
        return refuse(code, fields and fields["until"])
    end

    return 201, fhir.appointment(it), fhir.headers {
        Location = "/fhir/Appointment/" .. it.id,
    }
end


function _M.metadata()
    return found(fhir.capabilities(clock.now()))
end


return _M
