-- Copyright (C) Civic Gate
--
-- FHIR R4 resources made of schedules, slots and appointments, and the
-- little of them that can be read.  Required elements and the invariants
-- app-1 to app-4 are what HL7's definitions of R4 (4.0.1) say.

local clock = require "clock"

local _M = {}

local IDENTIFIERS = "urn:civicgate:health:booking"

local STATUS = {
    pending = "pending", booked = "booked", arrived = "checked-in",
    fulfilled = "fulfilled", cancelled = "cancelled", lapsed = "cancelled",
    moved = "cancelled", stopped = "cancelled", noshow = "noshow",
}

local WHY = {
    cancelled = { "pat", "Patient" }, lapsed = { "other", "Other" },
    noshow = { "other", "Other" },
    moved = { "prov", "Provider" }, stopped = { "prov", "Provider" },
}


local function array(...)
    return civic.json.array { ... }
end


local function reference(kind, id, display)
    return { reference = kind .. "/" .. id, display = display }
end


function _M.headers(extra)
    local headers = extra or {}

    headers["Content-Type"] = "application/fhir+json; charset=utf-8"
    return headers
end


local function specialty(meta)
    return array {
        coding = array { system = IDENTIFIERS .. ":department",
                         code = meta.department,
                         display = meta.department_name },
        text = meta.department_name,
    }
end


function _M.schedule(meta)
    return {
        resourceType = "Schedule",
        id = meta.id,
        identifier = array { system = IDENTIFIERS, value = meta.id },
        active = not meta.stopped,
        specialty = specialty(meta),
        actor = array(reference("Practitioner", meta.doctor,
                                meta.doctor_name)),
        planningHorizon = { start = clock.iso(meta.start),
                            ["end"] = clock.iso(meta.stop) },
        comment = meta.stopped,
    }
end


function _M.slot_status(slot)
    if slot.meta.stopped or (slot.closed and slot.free == 0) then
        return "busy-unavailable"
    end
    return slot.free > 0 and "free" or "busy"
end


function _M.slot(slot)
    return {
        resourceType = "Slot",
        id = slot.id,
        identifier = array { system = IDENTIFIERS, value = slot.id },
        specialty = specialty(slot.meta),
        schedule = reference("Schedule", slot.meta.id),
        status = _M.slot_status(slot),
        start = clock.iso(slot.start),
        ["end"] = clock.iso(slot.stop),
    }
end


function _M.appointment(it)
    local meta, why = it.slot.meta, WHY[it.status]

    return {
        resourceType = "Appointment",
        id = it.id,
        identifier = array { system = IDENTIFIERS, value = it.id },
        status = STATUS[it.status],
        cancelationReason = why and {
            coding = array {
                system = "http://terminology.hl7.org/CodeSystem"
                         .. "/appointment-cancellation-reason",
                code = why[1], display = why[2],
            },
        } or nil,
        specialty = specialty(meta),
        start = clock.iso(it.slot.start),
        ["end"] = clock.iso(it.slot.stop),
        minutesDuration = meta.minutes,
        created = clock.iso(it.created),
        slot = array(reference("Slot", it.slot.id)),
        participant = array(
            { actor = reference("Patient", it.person),
              status = it.status == "pending" and "tentative"
                       or STATUS[it.status] == "cancelled" and "declined"
                       or "accepted" },
            { actor = reference("Practitioner", meta.doctor,
                                meta.doctor_name),
              status = (it.status == "moved" or it.status == "stopped")
                       and "declined" or "accepted" }),
    }
end


-- resources are matches; `self`: the search as it was understood

function _M.bundle(resources, self)
    local entries = {}

    for i, resource in ipairs(resources) do
        entries[i] = {
            fullUrl = IDENTIFIERS .. ":" .. resource.resourceType .. ":"
                      .. resource.id,
            resource = resource,
            search = { mode = "match" },
        }
    end

    return {
        resourceType = "Bundle",
        type = "searchset",
        total = #entries,
        link = array { relation = "self", url = self },
        entry = #entries > 0 and civic.json.array(entries) or nil,
    }
end


function _M.outcome(code, kind, text)
    return {
        resourceType = "OperationOutcome",
        issue = array {
            severity = "error",
            code = kind,
            details = { coding = array { system = IDENTIFIERS .. ":problem",
                                         code = code } },
            diagnostics = text,
        },
    }
end


-- a participant that is a patient, and another

local function of_another(participant, person)
    local actor = type(participant) == "table" and participant.actor
    local of = type(actor) == "table" and actor.reference

    return type(of) == "string" and of:match("Patient/")
           and of ~= "Patient/" .. person
end


-- the slot that an Appointment of a client asks for, or nil and why not.
-- Whom it is for is whoever asks, so it must not say otherwise.

function _M.wanted(resource, person)
    if resource.resourceType ~= "Appointment" then
        return nil, "resourceType must be Appointment"
    end

    if resource.status ~= "proposed" and resource.status ~= "pending"
       and resource.status ~= "booked"
    then
        return nil, "status must be proposed, pending or booked"
    end

    if type(resource.participant) ~= "table" or #resource.participant == 0
    then
        return nil, "participant is required"
    end

    for _, participant in ipairs(resource.participant) do
        if of_another(participant, person) then
            return nil, "participant is another patient than the caller"
        end
    end

    local slots = type(resource.slot) == "table" and resource.slot or {}
    local of = type(slots[1]) == "table" and slots[1].reference

    if #slots ~= 1 or type(of) ~= "string" or not of:match("^Slot/[%w.]+$")
    then
        return nil, "slot must be one reference, Slot/ID"
    end

    return of:sub(6)
end


function _M.capabilities(now)
    local search = {
        Schedule = array({ name = "specialty", type = "token" },
                         { name = "date", type = "date" },
                         { name = "actor", type = "reference" }),
        Slot = array({ name = "schedule", type = "reference" },
                     { name = "status", type = "token" }),
        Appointment = array({ name = "status", type = "token" },
                            { name = "patient", type = "reference" }),
    }
    local resources = {}

    for _, kind in ipairs { "Schedule", "Slot", "Appointment" } do
        resources[#resources + 1] = {
            type = kind,
            interaction = array({ code = "read" }, { code = "search-type" },
                                kind == "Appointment"
                                and { code = "create" } or nil),
            searchParam = search[kind],
        }
    end

    return {
        resourceType = "CapabilityStatement",
        status = "active",
        date = clock.iso(now),
        kind = "instance",
        implementation = { description = "Outpatient booking" },
        fhirVersion = "4.0.1",
        format = array("json"),
        rest = array { mode = "server",
                       resource = civic.json.array(resources) },
    }
end


return _M
