-- Copyright (C) Civic Gate
--
-- civic.intervals: no two overlapping stretches of time of one thing, and
-- no two of one group.
--
--     local intervals = require "civic.intervals"
--     local book = intervals.book(civic.store.at("person:1f3a"), "visits")
--
-- An interval that was held and has lapsed is still in the way, and said to
-- be "lapsed": what it stands for lives in another aggregate, which knows
-- better.  Look there, settle or release it, and try again.  Times are
-- milliseconds and the caller's.

local _M = {}

local book = {}
book.__index = book


local function whole(number)
    return string.format("%.0f", number)
end


function _M.book(store, name)
    return setmetatable({ store = store, keys = { name } }, book)
end


-- option: from, to, group, lapses (0 or nil: firm), keep, instead.
-- true, or false, "conflict", { id, state, data }, or false, "full"

function book:hold(id, now, option)
    local r = self.store:run("intervals_hold", self.keys, {
        id, whole(option.from), whole(option.to), option.group or "",
        whole(now), whole(option.lapses or 0), whole(option.keep or 0),
        option.instead or "",
    }, { durable = true })

    if r[1] == "held" then
        return true
    end

    return false, r[1], r[2] and { id = r[2], state = r[3], data = r[4] }
end


-- false: it is not there

function book:settle(id, lapses, data)
    return self.store:run("intervals_settle", self.keys,
                          { id, whole(lapses), data or "" },
                          { durable = true })[1] == "settled"
end


-- false: it is not there, or has other data

function book:release(id, data)
    return self.store:run("intervals_release", self.keys, { id, data or "" },
                          { durable = true })[1] == "released"
end


function book:list(now)
    local r = self.store:run("intervals_list", self.keys, { whole(now) })
    local list = {}

    for i = 1, #r, 6 do
        list[#list + 1] = { id = r[i], from = r[i + 1], to = r[i + 2],
                            state = r[i + 3], data = r[i + 4],
                            lapses = r[i + 5] }
    end

    return list
end


return _M
