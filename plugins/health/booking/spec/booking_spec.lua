-- Copyright (C) Civic Gate
--
-- Booking: who gets a place, who does not, and when it is free again.

local test = require "civic.test"

local V = "/health/booking/v1"
local DAY = 86400

local gate = test.gate()
local officer = gate:citizen { sub = "officer",
                               scope = "booking:manage booking:settle" }
local doctors = 0
local ahead = 0


local function person(name)
    return gate:citizen { sub = name, scope = "booking:read booking:write" }
end


-- the plugin's clock; the gate starts it at the real time

local function now()
    return os.time() + ahead
end


local function advance(seconds)
    ahead = ahead + seconds
    test.advance(seconds)
end


local function date(days)
    return os.date("!%Y-%m-%d", now() + 8 * 3600 + days * DAY)
end


-- a session of a doctor of its own: its id

local function publish(option)
    doctors = doctors + 1

    local code = option.doctor or "d" .. doctors
    local r = officer:post(V .. "/schedules", {
        department = { code = option.department or "k" .. doctors,
                       name = "心内科" },
        doctor = { code = code, name = "陈医生" },
        date = date(option.days or 1), start = "08:00", ["end"] = "09:00",
        minutes = 30, capacity = option.capacity or 1, fee = option.fee,
    })

    assert.equal(201, r.status)
    return r.body.id
end


local function book(name, slot)
    return person(name):post(V .. "/appointments", { slot = slot })
end


local function free(id)
    local department, day = id:match("^(%w+)%.%w+%.(%d+)%.")

    local r = person("anyone"):get(V .. "/slots?department=" .. department
        .. "&date=" .. day:gsub("(....)(..)(..)", "%1-%2-%3"))
    local list = {}

    for _, slot in ipairs(r.body.slots) do
        list[#list + 1] = slot.free
    end
    return table.concat(list, " ")
end


describe("publishing", function ()

    it("may be done again, but not otherwise", function ()
        local body = {
            department = { code = "pub", name = "p" }, date = date(1),
            doctor = { code = "pub", name = "p" }, start = "08:00",
            ["end"] = "09:00", minutes = 30, capacity = 2,
        }

        assert.equal(201, officer:post(V .. "/schedules", body).status)
        assert.equal(200, officer:post(V .. "/schedules", body).status)

        body.capacity = 3
        local r = officer:post(V .. "/schedules", body)
        assert.equal(409, r.status)
        assert.equal("schedule-exists", r.body.code)

        body.start, body["end"] = "08:30", "09:30"
        r = officer:post(V .. "/schedules", body)
        assert.equal("schedule-exists", r.body.code)
    end)

    it("is the officer's", function ()
        assert.equal(403, person("zhang"):post(V .. "/schedules",
                                               {}).status)
    end)

    it("wants a day that exists, to come, and whole slots", function ()
        local body = {
            department = { code = "bad", name = "p" }, date = "2027-02-29",
            doctor = { code = "bad", name = "p" }, start = "08:00",
            ["end"] = "09:00", minutes = 30, capacity = 2,
        }

        local function code()
            local r = officer:post(V .. "/schedules", body)
            assert.equal(422, r.status)
            return r.body.code
        end

        assert.equal("invalid-session", code())
        body.date = date(-1)
        assert.equal("invalid-session", code())
        body.date, body.minutes = date(1), 25
        assert.equal("invalid-session", code())
        body.minutes, body["end"] = 30, "07:00"
        assert.equal("invalid-session", code())
    end)
end)


describe("a slot", function ()

    it("of one place goes to one", function ()
        local id = publish {}
        local r = book("zhang", id .. ".0800")

        assert.equal(201, r.status)
        assert.equal("booked", r.body.status)
        assert.equal(1, r.body.number)
        assert.equal(V .. "/appointments/" .. r.body.id, r.headers.location)

        r = book("li", id .. ".0800")
        assert.equal(409, r.status)
        assert.equal("slot-taken", r.body.code)
        assert.equal("0 1", free(id))
    end)

    it("gives out as many places as it has, whoever comes at once",
       function ()
        local id = publish { capacity = 5 }
        local codes = { }

        for _, code in ipairs(test.parallel(20, function (i)
            local r = book("crowd" .. i, id .. ".0830")
            return r.status == 201 and "booked" or r.body.code
        end))
        do
            codes[code] = (codes[code] or 0) + 1
        end

        assert.same({ booked = 5, ["slot-taken"] = 15 }, codes)
        assert.equal("5 0", free(id))
    end)

    it("that is not there cannot be booked", function ()
        local id = publish {}

        assert.equal(404, book("zhang", id .. ".0815").status)
        assert.equal(404, book("zhang", id .. ".0900").status)
        assert.equal(404, book("zhang", "no.no.20261201.0800.0800").status)
    end)
end)


describe("one person", function ()

    it("has one booking in a department and day", function ()
        local id = publish { capacity = 3 }

        assert.equal(201, book("wang", id .. ".0800").status)
        for _, slot in ipairs { ".0800", ".0830" } do
            local r = book("wang", id .. slot)
            assert.equal(409, r.status)
            assert.equal("duplicate-booking", r.body.code)
            assert.equal(slot == ".0800" and id .. ".0800.1" or nil,
                         r.body.appointment)
        end
        assert.equal("2 3", free(id))
    end)

    it("is not in two places at once", function ()
        local a, b = publish { days = 3 }, publish { days = 3 }

        assert.equal(201, book("wang", a .. ".0800").status)
        assert.equal("duplicate-booking", book("wang", b .. ".0800").body.code)
        assert.equal(201, book("wang", b .. ".0830").status)
    end)

    it("has one booking however often it is asked for at once", function ()
        local id, booked = publish { capacity = 9 }, 0

        for _, status in ipairs(test.parallel(8, function (i)
            return book("eager", id .. (i % 2 == 0 and ".0800"
                                        or ".0830")).status
        end))
        do
            booked = booked + (status == 201 and 1 or 0)
        end

        assert.equal(1, booked)
        assert.equal(1, #person("eager"):get(V .. "/appointments")
                         .body.appointments)
    end)

    it("sees nobody else's", function ()
        local id = publish { days = 5 }
        local own = book("zhao", id .. ".0800").body.id

        assert.equal(200, person("zhao"):get(V .. "/appointments/"
                                             .. own).status)
        assert.equal(404, person("qian"):get(V .. "/appointments/"
                                             .. own).status)
        assert.equal(404, person("qian"):delete(V .. "/appointments/"
                                                .. own).status)
        assert.same({}, person("qian"):get(V .. "/appointments")
                        .body.appointments)
    end)
end)


describe("what must be paid", function ()

    it("is held for fifteen minutes, then offered again, once", function ()
        local id = publish { fee = 1500 }
        local own = book("sun", id .. ".0800").body

        assert.equal("pending", own.status)
        assert.equal("slot-taken", book("zhou", id .. ".0800").body.code)

        advance(15 * 60 + 1)
        assert.equal("1 1", free(id))

        local path = V .. "/appointments/" .. own.id
        local r = officer:post(path .. "/confirm", { receipt = "R1",
                                                     amount = 1500 })
        assert.equal(410, r.status)
        assert.equal("expired", r.body.code)
        assert.equal("lapsed", person("sun"):get(path).body.status)

        assert.equal(201, book("zhou", id .. ".0800").status)
        assert.equal("slot-taken", book("wu", id .. ".0800").body.code)
        assert.equal(201, book("sun", id .. ".0830").status)
    end)

    it("is booked once it is paid in full", function ()
        local id = publish { fee = 1500 }
        local own = book("zheng", id .. ".0800").body
        local path = V .. "/appointments/" .. own.id .. "/confirm"

        assert.equal(403, person("zheng"):post(path, { receipt = "R2",
                                               amount = 1500 }).status)
        assert.equal("invalid-amount", officer:post(path, {
            receipt = "R2", amount = 1 }).body.code)

        for _ = 1, 2 do
            local r = officer:post(path, { receipt = "R2", amount = 1500 })
            assert.equal(200, r.status)
            assert.equal("booked", r.body.status)
        end

        advance(16 * 60)
        assert.equal("0 1", free(id))
        assert.equal("duplicate-booking",
                     book("zheng", id .. ".0830").body.code)
    end)
end)


describe("cancelling", function ()

    it("frees the slot, and its owner's day", function ()
        local id = publish { days = 2 }
        local own = book("feng", id .. ".0800").body.id

        for _ = 1, 2 do
            local r = person("feng"):delete(V .. "/appointments/" .. own)
            assert.equal(200, r.status)
            assert.equal("cancelled", r.body.status)
        end

        assert.equal("1 1", free(id))
        assert.equal(2, book("chen", id .. ".0800").body.number)
        assert.equal(201, book("feng", id .. ".0830").status)
    end)

    it("and booking again ends for the day, for whoever does so",
       function ()
        local id = publish { days = 6, capacity = 2 }

        for _ = 1, 20 do
            local r = book("restless", id .. ".0800")
            assert.equal(201, r.status)
            assert.equal(200, person("restless"):delete(V .. "/appointments/"
                                                        .. r.body.id).status)
        end

        local r = book("restless", id .. ".0800")
        assert.equal(429, r.status)
        assert.equal("too-many-places", r.body.code)
        assert.matches("T00:00:00%+08:00$", r.body["until"])
        assert.equal("2 2", free(id))
        assert.equal(201, book("calm", id .. ".0800").status)

        advance(DAY)
        assert.equal(201, book("restless", id .. ".0800").status)
    end)

    it("is too late after the cut-off", function ()
        local id = publish { days = 1 }
        local own = book("chu", id .. ".0800").body
        local h, m = os.date("!%H %M", now() + 8 * 3600)
                       :match("(%d+) (%d+)")

        -- to seven in the morning of that day
        advance((24 + 7 - h) * 3600 - m * 60)

        local r = person("chu"):delete(V .. "/appointments/" .. own.id)
        assert.equal(409, r.status)
        assert.equal("too-late", r.body.code)
        assert.equal("0 1", free(id))
    end)
end)
