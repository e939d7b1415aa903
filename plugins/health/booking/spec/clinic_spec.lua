-- Copyright (C) Civic Gate
--
-- The day itself: check-in and queue, those who do not come, and the clinic
-- that is stopped.

local test = require "civic.test"

local V = "/health/booking/v1"
local DAY = 86400

local gate = test.gate()
local officer = gate:citizen { sub = "officer", scope = "booking:manage" }
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


local function publish(department, doctor, days, capacity, fee)
    local r = officer:post(V .. "/schedules", {
        department = { code = department, name = "儿科" },
        doctor = { code = doctor, name = "林医生" }, date = date(days),
        start = "08:00", ["end"] = "09:00", minutes = 30,
        capacity = capacity, fee = fee,
    })

    assert.equal(201, r.status)
    return r.body.id
end


local function book(name, slot)
    return person(name):post(V .. "/appointments", { slot = slot })
end


-- to a time of tomorrow in Shanghai

local function tomorrow(hour, minute)
    local h, m, s = os.date("!%H %M %S", now() + 8 * 3600)
                      :match("(%d+) (%d+) (%d+)")

    advance((24 + hour - h) * 3600 + (minute - m) * 60 - s)
end


describe("the queue", function ()

    it("is that of those who checked in, and only moves forward",
       function ()
        local id = publish("queue", "q1", 1, 3)
        local own = {}

        for i, name in ipairs { "a", "b", "c" } do
            own[name] = V .. "/appointments/"
                        .. book("queue-" .. name, id .. ".0830").body.id
            assert.equal(own[name], V .. "/appointments/" .. id .. ".0830."
                         .. i)
        end

        local function check_in(name)
            return person("queue-" .. name):post(own[name] .. "/check-in")
        end

        assert.equal("too-early", check_in("a").body.code)
        tomorrow(8, 10)

        for i, name in ipairs { "c", "a", "b" } do
            local r = check_in(name)
            assert.equal(200, r.status)
            assert.same({ i, i - 1, (i - 1) * 10 }, { r.body.ticket,
                        r.body.ahead, r.body.wait_minutes })
        end
        assert.equal(1, check_in("c").body.ticket)

        local last = 2
        for _, name in ipairs { "c", "a", "b" } do
            local r = officer:post(V .. "/schedules/" .. id .. "/next")
            assert.equal(200, r.status)
            assert.equal(own[name], V .. "/appointments/" .. r.body.id)
            assert.equal("fulfilled", r.body.status)

            r = person("queue-b"):get(own.b .. "/queue")
            if r.status == 200 then
                assert.is_true(r.body.ahead < last)
                last = r.body.ahead
            end
        end

        assert.equal(0, last)
        assert.equal(204, officer:post(V .. "/schedules/" .. id
                                       .. "/next").status)
        assert.equal("soon", person("queue-b"):get(V .. "/notices")
                             .body.notices[1].kind)
    end)
end)


describe("who does not come", function ()

    it("three times in ninety days is barred for thirty", function ()
        local visits = {}

        for i = 1, 3 do
            visits[i] = book("absent", publish("away" .. i, "a" .. i, i, 2)
                                       .. ".0800").body.id
        end
        assert.equal("too-early", officer:post(V .. "/appointments/"
                     .. visits[1] .. "/no-show").body.code)

        advance(4 * DAY)
        local coming = publish("away", "a4", 3, 2) .. ".0800"
        local later = publish("away", "a4", 28, 2) .. ".0800"

        for i = 1, 3 do
            if i == 3 then
                local r = book("absent", coming)
                assert.equal(201, r.status)
                person("absent"):delete(V .. "/appointments/" .. r.body.id)
            end
            for _ = 1, 2 do
                local r = officer:post(V .. "/appointments/" .. visits[i]
                                       .. "/no-show")
                assert.equal(200, r.status)
                assert.equal("noshow", r.body.status)
            end
        end

        local r = book("absent", coming)
        assert.equal(403, r.status)
        assert.equal("booking-barred", r.body.code)
        assert.is_string(r.body["until"])
        assert.equal(201, book("present", coming).status)

        advance(27 * DAY)
        assert.equal("booking-barred", book("absent", later).body.code)
        advance(30 * DAY)
        assert.equal(201, book("absent", publish("away", "a4", 1, 2)
                                         .. ".0800").status)
    end)
end)


describe("a stopped clinic", function ()

    it("moves its patients by their order, and tells them", function ()
        local id = publish("stop", "s1", 2, 2)
        local same_day = publish("stop2", "s2", 2, 9)
        local first = publish("stop", "s3", 3, 1)
        local second = publish("stop", "s4", 4, 1)

        -- the second slot fills first: the order is that of the clinic
        book("stop-3", id .. ".0830")
        book("stop-4", id .. ".0830")
        book("stop-1", id .. ".0800")
        book("stop-2", id .. ".0800")
        book("other", first .. ".0830")

        local r = officer:post(V .. "/schedules/" .. id .. "/stop",
                               { reason = "台风" })
        assert.equal(200, r.status)
        assert.same({ moved = 3, stopped = 1, more = false }, r.body)

        local to = { first .. ".0800", second .. ".0800",
                     second .. ".0830" }

        for i = 1, 4 do
            local notice = person("stop-" .. i):get(V .. "/notices")
                           .body.notices[1]
            local own, live = person("stop-" .. i):get(V .. "/appointments")
                              .body.appointments, nil

            for _, it in ipairs(own) do
                if it.status == "booked" then
                    live = it
                end
            end

            assert.equal("台风", notice.reason)
            assert.equal(to[i] and "moved" or "stopped", notice.kind)
            assert.equal(to[i], live and live.slot)
            assert.equal(live and live.id, notice.to)
        end

        assert.equal("slot-closed", book("late", id .. ".0800").body.code)
        assert.equal(201, book("late", same_day .. ".0800").status)
        assert.same({}, officer:get(V .. "/schedules/" .. id
                    .. "/appointments").body.appointments)
    end)

    it("of many patients is emptied in several goes", function ()
        local id = publish("many", "m1", 2, 30)
        local later = publish("many", "m2", 3, 30)

        test.parallel(30, function (i)
            return book("many-" .. i, id .. ".0800").status
        end)

        local r = officer:post(V .. "/schedules/" .. id .. "/stop",
                               { reason = "停诊" })
        assert.same({ moved = 20, stopped = 0, more = true }, r.body)

        test.run("rebook_stopped")
        assert.same({}, officer:get(V .. "/schedules/" .. id
                    .. "/appointments").body.appointments)

        local list = officer:get(V .. "/schedules/" .. later
                                 .. "/appointments").body.appointments
        assert.equal(30, #list)
    end)
end)
