-- Copyright (C) Civic Gate
--
-- The same bookings in other words: FHIR R4, and iCalendar.

local test = require "civic.test"

local V = "/health/booking/v1"

local gate = test.gate()
local officer = gate:citizen { sub = "officer", scope = "booking:manage" }
local client = gate:citizen { sub = "fhir",
                              scope = "booking:read booking:write" }

local day = os.date("!%Y-%m-%d", os.time() + 8 * 3600 + 86400)
local id


setup(function ()
    local r = officer:post(V .. "/schedules", {
        department = { code = "fhir", name = "呼吸与危重症医学科; 一区, 二区" },
        doctor = { code = "f1", name = "欧阳\\医生" }, date = day,
        start = "08:00", ["end"] = "09:00", minutes = 30, capacity = 1,
    })
    assert.equal(201, r.status)
    id = r.body.id
end)


local function wanted(slot)
    return {
        resourceType = "Appointment", status = "booked",
        slot = { { reference = "Slot/" .. slot } },
        participant = { { status = "accepted" } },
    }
end


describe("FHIR", function ()

    it("finds schedules of a department and day", function ()
        local r = client:get("/fhir/Schedule?specialty=fhir&date=" .. day)

        assert.equal(200, r.status)
        assert.matches("^application/fhir%+json", r.headers["content-type"])
        assert.same({ "Bundle", "searchset", 1 }, { r.body.resourceType,
                    r.body.type, r.body.total })
        assert.equal(id, r.body.entry[1].resource.id)
        assert.equal("/fhir/Schedule?date=" .. day .. "&specialty=fhir",
                     r.body.link[1].url)
        assert.equal("Practitioner/f1",
                     r.body.entry[1].resource.actor[1].reference)
    end)

    it("says which search it was, as a URI", function ()
        local r = client:get("/fhir/Schedule?date=" .. day
                             .. "&specialty=urn%3A%20%26x%7Cfhir")

        assert.equal(1, r.body.total)
        assert.equal("/fhir/Schedule?date=" .. day
                     .. "&specialty=urn:%20%26x%7Cfhir", r.body.link[1].url)
    end)

    it("books a free slot, and only once", function ()
        local search = "/fhir/Slot?schedule=Schedule/" .. id
                       .. "&status=free"
        assert.equal(2, client:get(search).body.total)

        local r = client:post("/fhir/Appointment", wanted(id .. ".0800"))
        assert.equal(201, r.status)
        assert.equal("booked", r.body.status)
        assert.equal("/fhir/Appointment/" .. r.body.id, r.headers.location)
        assert.equal(1, client:get(search).body.total)
        assert.equal("busy", client:get("/fhir/Slot/" .. id .. ".0800")
                             .body.status)
        assert.same(r.body, client:get("/fhir/Appointment/" .. r.body.id)
                            .body)
        assert.equal(1, client:get("/fhir/Appointment").body.total)
        assert.equal(0, client:get("/fhir/Appointment?status=cancelled")
                        .body.total)
    end)

    it("books for whoever asks, and for nobody else", function ()
        local own = client:get("/fhir/Appointment").body.entry[1].resource
                          .participant[1].actor
        local ask = wanted(id .. ".0830")

        ask.participant = { { status = "accepted", actor = {
                                  reference = "Patient/" .. ("0"):rep(32) } } }
        local r = client:post("/fhir/Appointment", ask)
        assert.equal(422, r.status)
        assert.equal("invalid-resource",
                     r.body.issue[1].details.coding[1].code)

        -- his own: refused for what he has already

        ask.participant[1].actor = own
        assert.equal(409, client:post("/fhir/Appointment", ask).status)
    end)

    it("has a hold that lapsed as cancelled, for no reason of the patient",
       function ()
        local r = officer:post(V .. "/schedules", {
            department = { code = "fee", name = "f" }, date = day,
            doctor = { code = "fee", name = "f" }, start = "10:00",
            ["end"] = "10:30", minutes = 30, capacity = 1, fee = 100,
        })
        r = client:post("/fhir/Appointment", wanted(r.body.id .. ".1000"))
        assert.equal("pending", r.body.status)

        test.advance(15 * 60 + 1)
        r = client:get("/fhir/Appointment/" .. r.body.id)
        assert.equal("cancelled", r.body.status)
        assert.same({ "other", "Other" },
                    { r.body.cancelationReason.coding[1].code,
                      r.body.cancelationReason.coding[1].display })
    end)

    it("says no with an OperationOutcome", function ()
        local r = client:post("/fhir/Appointment", wanted(id .. ".0830"))
        assert.equal(409, r.status)
        assert.matches("^application/fhir%+json", r.headers["content-type"])
        assert.equal("OperationOutcome", r.body.resourceType)
        assert.equal("duplicate", r.body.issue[1].code)
        assert.equal("duplicate-booking",
                     r.body.issue[1].details.coding[1].code)

        local without = wanted(id .. ".0830")
        without.slot = nil
        assert.equal(422, client:post("/fhir/Appointment", without).status)
        assert.equal(404, client:get("/fhir/Appointment/nothing").status)
        assert.equal(400, client:get("/fhir/Slot").status)
    end)

    it("says what it can", function ()
        local r = client:get("/fhir/metadata")

        assert.equal("CapabilityStatement", r.body.resourceType)
        assert.equal("4.0.1", r.body.fhirVersion)
    end)
end)


describe("the calendar", function ()

    it("has lines of at most 75 bytes, cut between characters", function ()
        local own = client:get("/fhir/Appointment").body.entry[1].resource
        local r = client:get(V .. "/appointments/" .. own.id
                             .. "/calendar.ics")

        assert.equal(200, r.status)
        assert.equal("text/calendar; charset=utf-8",
                     r.headers["content-type"])

        local text = r.raw or r.body
        local rest = text
        while rest ~= "" do
            local line, after = rest:match("^([^\r\n]*)\r\n(.*)$")
            assert.is_string(line)
            assert.is_true(#line <= 75)
            -- a line begins with a character, not within one
            local first = line:byte() == 32 and line:byte(2) or line:byte()
            assert.is_false(first >= 128 and first < 192)
            rest = after
        end

        text = text:gsub("\r\n ", "")
        assert.is_nil(text:find("METHOD", 1, true))
        assert.is_truthy(text:find("SUMMARY:就诊预约 呼吸与危重症医学科\\; "
                                   .. "一区\\, 二区 欧阳\\\\医生\r\n", 1, true))
        assert.is_truthy(text:find("DTSTART:" .. day:gsub("-", "")
                                   .. "T000000Z\r\n", 1, true))
    end)
end)
