-- Copyright (C) Civic Gate
--
-- Outpatient booking by time slot.  What each route does is in lib/; here
-- is only who asks for what, and how it is answered.

local appointments = require "appointments"
local bookings = require "bookings"
local clock = require "clock"
local fhir = require "fhir_routes"
local ics = require "ics"
local people = require "people"
local queue = require "queue"
local rebook = require "rebook"
local schedules = require "schedules"
local views = require "views"

local booking = {}

local config = civic.config
local OWN = 50


-- the result, or the problem that its function named

local function given(result, code, fields)
    if code then
        civic.problem(code, fields)
    end
    return result
end


local function person(request)
    return people.digest(request.caller)
end


local function schedule(request)
    local id, time = schedules.parse(request.params.id)
    local meta = id and not time and schedules.load(id)

    return meta or civic.problem("not-found")
end


function booking.publish(request)
    local meta = given(schedules.describe(request.body))
    local new = given(schedules.publish(meta, clock.now()))

    return new and 201 or 200, views.schedule(meta)
end


function booking.list_slots(request)
    local query, list = request.query, {}

    if not clock.day(query.date) then
        civic.problem("invalid-date")
    end

    for _, meta in ipairs(schedules.day(query.department, query.date)) do
        if not query.doctor or query.doctor == meta.doctor then
            for _, slot in ipairs(schedules.slots(meta, clock.now())) do
                list[#list + 1] = slot
            end
        end
    end

    return 200, { slots = views.list(list, views.slot) }
end


function booking.list_patients(request)
    local query = request.query
    local list, more = appointments.list(schedule(request), clock.now(),
                                         query.limit or 100, query.after)

    return 200, {
        appointments = views.list(list, views.patient),
        after = more and list[#list].id or nil,
    }
end


function booking.stop(request)
    return 200, rebook.stop(schedule(request), request.body.reason,
                            config.rebook_days)
end


function booking.rebook_stopped()
    rebook.resume(config.rebook_days)
end


function booking.next_patient(request)
    local it = given(queue.next(schedule(request)))

    if not it then
        return 204
    end
    return 200, views.appointment(it)
end


function booking.book(request)
    local it = given(bookings.book(person(request), request.body.slot,
                                   request.once))

    return 201, views.appointment(it),
           { Location = "/health/booking/v1/appointments/" .. it.id }
end


function booking.list_own(request)
    local list = appointments.own(person(request), OWN)

    return 200, { appointments = views.list(list, views.appointment) }
end


function booking.show(request)
    local it = given(appointments.find(request.params.id, person(request)))

    return 200, views.appointment(it)
end


function booking.confirm(request)
    local it = given(bookings.confirm(request.params.id,
                                          request.body.receipt,
                                          request.body.amount))

    return 200, views.appointment(it)
end


function booking.cancel(request)
    local it = given(bookings.cancel(request.params.id, person(request),
                                         config.cancel_minutes
                                         * clock.MINUTE))

    return 200, views.appointment(it)
end


function booking.no_show(request)
    return 200, views.appointment(given(bookings.no_show(
                                        request.params.id)))
end


function booking.check_in(request)
    return 200, given(queue.check_in(request.params.id, person(request)))
end


function booking.position(request)
    return 200, given(queue.position(request.params.id, person(request)))
end


function booking.calendar(request)
    local it = given(appointments.find(request.params.id, person(request)))

    return 200, ics.appointment(it, clock.now()), {
        ["Content-Type"] = "text/calendar; charset=utf-8",
        ["Content-Disposition"] = 'attachment; filename="appointment.ics"',
    }
end


function booking.list_notices(request)
    return 200, { notices = views.list(people.notices(person(request)),
                                       views.notice) }
end


booking.fhir_metadata = fhir.metadata
booking.fhir_schedules = fhir.schedules
booking.fhir_schedule = fhir.schedule
booking.fhir_slots = fhir.slots
booking.fhir_slot = fhir.slot
booking.fhir_appointments = fhir.appointments
booking.fhir_appointment = fhir.appointment
booking.fhir_book = fhir.book


return booking
