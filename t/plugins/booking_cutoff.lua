-- Copyright (C) Civic Gate
--
-- Every change of health/booking, cut off at each of its store operations in
-- turn: whatever was done by then, nobody gets two places, no place is lost,
-- and doing it again leads where it would have led.  Prints TAP.
--
--     luajit booking_cutoff.lua SOCKET

package.path = arg[0]:match("^(.*)/[^/]*$") .. "/?.lua;" .. package.path

local plugin = require("harness").plugin("health/booking", arg[1])

local faults, tests = {}, 0


local function expect(true_, ...)
    if not true_ then
        faults[#faults + 1] = table.concat({ ... }, " ")
    end
end


local function report(title)
    tests = tests + 1
    print((#faults > 0 and "not " or "") .. "ok " .. tests .. " - " .. title)
    for i = 1, math.min(#faults, 10) do
        print("# " .. faults[i])
    end
    faults = {}
end


local function publish(option)
    return plugin:call("officer", "publish", { body = {
        department = { code = "k", name = "k" },
        doctor = { code = option.doctor or "d", name = "d" },
        date = os.date("!%Y-%m-%d", os.time() + plugin.clock + 8 * 3600
                       + (option.days or 1) * 86400),
        start = "08:00", ["end"] = "09:00", minutes = 30,
        capacity = option.capacity or 1, fee = option.fee,
    } })
end


local function book(who, slot, once)
    return plugin:call(who, "book", { body = { slot = slot }, once = once })
end


local function on(who, name, id, body)
    return plugin:call(who, name, { params = { id = id }, body = body })
end


local function own(who)
    return plugin:call(who, "list_own", {}).body.appointments
end


local function free(id)
    local department, y, m, d = id:match("^(%w+)%.%w+%.(....)(..)(..)%.")
    local r = plugin:call("any", "list_slots", { query = {
        department = department, date = y .. "-" .. m .. "-" .. d } })
    local list = {}

    for _, slot in ipairs(r.body.slots) do
        if slot.schedule == id then
            list[#list + 1] = slot.free
        end
    end
    return list[1], list[2]
end


-- do_it(n, after) for each operation until it comes through, in a new world
-- each time; it returns true once it was not cut off

local function each(title, do_it)
    for _, after in ipairs { false, true } do
        local n = 0

        repeat
            n = n + 1
            plugin:redis("FLUSHALL")
            plugin.clock = 0
        until do_it(n, after, "operation " .. n
                    .. (after and ", done:" or ", not done:")) or n > 300

        expect(n > 2 and n <= 300, "not cut off", n, "times")
    end
    report(title)
end


for _, fee in ipairs { 0, 1500 } do
    local of = fee > 0 and " of a fee" or ""

    each("booking" .. of .. ", and trying again", function (n, after, where)
        local id = publish { fee = fee }.body.id

        plugin:cut(n, after)
        local through = book("zhang", id .. ".0800")

        plugin.clock = 31
        local before, again = #own("zhang"), book("zhang", id .. ".0800")

        expect(again.status == 201 or again.code == "duplicate-booking"
               and before == 1, where, "again:", again.code)
        expect(#own("zhang") == 1, where, #own("zhang"), "of one's own")
        expect(book("li", id .. ".0800").code == "slot-taken", where,
               "another got it too")
        return through
    end)

    each("booking" .. of .. ", and trying again at once",
         function (n, after, where)
        local id = publish { fee = fee }.body.id

        plugin:cut(n, after)
        local through = book("zhang", id .. ".0800")
        local left = free(id)
        local again = book("zhang", id .. ".0800")

        expect((left == 1) == (again.status == 201)
               and (left == 0) == (again.code == "duplicate-booking"),
               where, left, "free, again:", again.code)
        expect(free(id) == 0, where, "free")
        return through
    end)

    each("booking" .. of .. ", and the same request coming again",
         function (n, after, where)
        local id = publish { fee = fee }.body.id
        local slot = id .. ".0800"

        plugin:cut(n, after)
        local through = book("zhang", slot, "R1")
        local left = free(id)
        local other = left == 0 and book("zhang", slot, "R2")
        local again = book("zhang", slot, "R1")

        expect(again.status == 201, where, "again:", again.code)
        expect(not through or through.body.id == again.body.id, where,
               "it is another")
        expect(not other or other.code == "duplicate-booking"
               and other.body.appointment == again.body.id, where,
               "another request:", other and other.code)
        expect(free(id) == 0 and #own("zhang") == 1
               and own("zhang")[1].id == again.body.id, where,
               "is not one's own")

        for _, late in ipairs { 31, 600 } do
            plugin.clock = late
            expect(book("zhang", slot, "R1").body.id == again.body.id,
                   where, late, "later it is another")
        end
        return through
    end)

    each("booking" .. of .. ", and finding it",
         function (n, after, where)
        local id = publish { fee = fee }.body.id

        plugin:cut(n, after)
        local through = book("zhang", id .. ".0800")

        expect(#own("zhang") + free(id) == 1, where, free(id), "free,",
               #own("zhang"), "of one's own")
        return through
    end)

    each("booking" .. of .. ", and never coming back",
         function (n, after, where)
        local id = publish { fee = fee }.body.id

        plugin:cut(n, after)
        local through = book("zhang", id .. ".0800")

        plugin.clock = 15 * 60 + 2
        local other = book("zhang", id .. ".0830")
        local left = free(id)

        expect(other.status == 201 and left == 1
               or other.code == "duplicate-booking" and left == 0,
               where, "then:", other.code, left, "free")
        expect(#own("zhang") == 1, where, #own("zhang"), "of one's own")
        return through
    end)

    each("cancelling" .. of, function (n, after, where)
        local id = publish { fee = fee }.body.id
        local visit = book("zhang", id .. ".0800").body.id

        plugin:cut(n, after)
        local through = on("zhang", "cancel", visit)

        local left = free(id)
        local other = book("zhang", id .. ".0830")

        expect((left == 1) == (other.status == 201), where, left,
               "free, and then", other.code)
        expect(on("zhang", "cancel", visit).status == 200, where,
               "cannot be cancelled again")
        expect(free(id) == 1, where, "never free")
        if other.status == 201 then
            expect(book("zhang", id .. ".0800").code == "duplicate-booking",
                   where, "two of them")
        end
        return through
    end)
end


each("booking, and the same request coming when it is too late to book",
     function (n, after, where)
    local id = publish {}.body.id

    plugin:cut(n, after)
    local through = book("zhang", id .. ".0800", "R1")
    local left = free(id)

    on("officer", "stop", id, { reason = "x" })
    local again = book("zhang", id .. ".0800", "R1")
    local is = own("zhang")

    expect(again.status == 201 and is[1].id == again.body.id
           or again.code == "slot-closed" and (left == 1 or #is == 0
                                               or is[1].status == "stopped"),
           where, left, "free, again:", again.code)
    return through
end)


each("paying", function (n, after, where)
    local id = publish { fee = 1500 }.body.id
    local visit = book("zhang", id .. ".0800").body.id
    local paid = { receipt = "R", amount = 1500 }

    plugin:cut(n, after)
    local through = on("cashier", "confirm", visit, paid)
    local again = on("cashier", "confirm", visit, paid)

    expect(again.status == 200, where, "again:", again.code)
    plugin.clock = 20 * 60
    expect(free(id) == 0, where, "free all the same")
    expect(own("zhang")[1].status == "booked", where, "not booked")
    expect(book("zhang", id .. ".0830").code == "duplicate-booking", where,
           "two of them")
    return through
end)


each("publishing", function (n, after, where)
    plugin:cut(n, after)
    local through = publish {}
    local again = publish {}

    expect(again.status == 201 or again.status == 200, where, "again:",
           again.code)
    expect(free(again.body.id) == 1, where, "nothing to be had")
    return through
end)


each("marking who did not come", function (n, after, where)
    local visit = book("zhang", publish {}.body.id .. ".0800").body.id

    plugin.clock = 3 * 86400
    plugin:cut(n, after)
    local through = on("officer", "no_show", visit)

    expect(on("officer", "no_show", visit).status == 200, where, "again")
    expect(plugin:redis("ZCARD", plugin:redis("KEYS", "*missed")[1]) == 1,
           where, "counted twice")
    return through
end)


-- the places of four patients of a stopped clinic: each day after it has
-- room for two, so whoever is on his way must be found where he was going

local function stop(n, after)
    local id = publish { capacity = 2 }.body.id
    local b = publish { days = 2, doctor = "e" }.body.id
    local c = publish { days = 3, doctor = "f" }.body.id
    local visits = {}

    for i = 1, 4 do
        visits[i] = book("p" .. i, id .. (i < 3 and ".0800" or ".0830"))
                    .body.id
    end

    plugin:cut(n, after)
    return on("officer", "stop", id, { reason = "x" }),
           { b .. ".0800", b .. ".0830", c .. ".0800", c .. ".0830" },
           visits, id
end


local function resume()
    for _ = 1, 3 do
        plugin:call("clock", "rebook_stopped", {})
        plugin.clock = plugin.clock + 31
    end
end


local function live(who)
    local list = {}

    for _, it in ipairs(own(who)) do
        list[#list + 1] = it.status == "booked" and it or nil
    end
    return list
end


each("stopping a clinic", function (n, after, where)
    local through, to, visits, id = stop(n, after)

    resume()
    if live("p1")[1].id == visits[1] then
        expect(n <= 2 and not through, where, "forgotten")
        return false
    end

    for i = 1, 4 do
        local is = live("p" .. i)
        local told = plugin:call("p" .. i, "list_notices", {}).body.notices

        expect(#is == 1 and is[1].slot == to[i], where, "p" .. i, #is,
               "places,", tostring(is[1] and is[1].slot), "not", to[i])
        expect(#told == 1 and told[1].kind == "moved"
               and told[1].to == is[1].id, where, "p" .. i, "was told",
               #told, "times of", tostring(told[1] and told[1].to))
    end

    expect(free(to[1]:sub(1, -6)) == 0 and free(id) == 0, where, "free")
    return through
end)


each("stopping a clinic whose patient then cancels",
     function (n, after, where)
    local through, to, visits = stop(n, after)

    for _, it in ipairs(live("p2")) do
        if it.status == "booked" then
            on("p2", "cancel", it.id)
        end
    end
    resume()
    if live("p1")[1].id == visits[1] then
        return false
    end

    local taken = 0
    for i = 1, 3, 2 do
        local a, b = free(to[i]:sub(1, -6))
        taken = taken + 2 - a - b
    end

    expect(#live("p2") == 0, where, #live("p2"), "left")
    expect(taken == 3, where, taken, "places taken")
    for _, i in ipairs { 1, 3, 4 } do
        expect(#live("p" .. i) == 1, where, "p" .. i, #live("p" .. i))
    end
    return through
end)


print("1.." .. tests)
os.exit(0)
