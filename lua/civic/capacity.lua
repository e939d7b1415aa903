-- Copyright (C) Civic Gate
--
-- civic.capacity: things of which there are only so many.  Hold a place,
-- confirm it, give it back; what is not confirmed lapses by itself.
--
--     local capacity = require "civic.capacity"
--     local pool = capacity.pool(civic.store.at("clinic:7"), "0830")
--
-- A pool is three keys of its store's aggregate; pools of one aggregate can
-- be opened and counted together.  Times are milliseconds and the caller's:
-- civic.time.now() * 1000, rounded.  Every change is one script of
-- lua/redis/, whose head says what it answers.

local _M = {}

local pool = {}
pool.__index = pool


local function whole(number)
    return string.format("%.0f", number)
end


function _M.pool(store, name)
    return setmetatable({
        store = store,
        name = name,
        keys = { name .. ":pool", name .. ":places", name .. ":numbers" },
    }, pool)
end


-- all at once; `option`: capacity (nil: as it is), closed, expires (ms)

function _M.open(store, names, option)
    local keys = {}

    for i, name in ipairs(names) do
        keys[i] = name .. ":pool"
    end

    return store:run("capacity_open", keys, {
        whole(option.capacity or -1),
        option.closed and "1" or "0",
        whole(option.expires or 0),
    }, { durable = true })
end


-- a list of { capacity, confirmed, held, free, closed }, or false where
-- there is no such pool

function _M.count(store, names, now)
    local keys, counts = {}, {}

    if #names == 0 then
        return counts
    end

    for _, name in ipairs(names) do
        keys[#keys + 1] = name .. ":pool"
        keys[#keys + 1] = name .. ":places"
    end

    local flat = store:run("capacity_count", keys, { whole(now) })

    for i = 1, #flat, 4 do
        local all, closed = flat[i], flat[i + 3] == 1
        local left = all - flat[i + 1] - flat[i + 2]

        counts[#counts + 1] = all >= 0 and {
            capacity = all, confirmed = flat[i + 1], held = flat[i + 2],
            free = closed and 0 or math.max(left, 0), closed = closed,
        }
    end

    return counts
end


-- number, lapses (ms; 0: confirmed), or nil and "taken", "closed",
-- "unknown"; with "already" the number and when it lapses follow.
-- hold: ms; 0 confirms at once.

function pool:hold(holder, now, hold, note)
    local r = self.store:run("capacity_hold", self.keys,
                             { holder, whole(now), whole(hold), note or "" },
                             { durable = true })

    if r[1] == "held" then
        return r[2], r[3]
    end

    return nil, r[1], r[2], r[3]
end


-- false: it has lapsed

function pool:confirm(holder, number, now, note)
    return self.store:run("capacity_confirm", self.keys,
                          { holder, whole(number), whole(now), note or "" },
                          { durable = true })[1] == "confirmed"
end


-- false: it was free already; where `old` is given, also: the note is
-- another, which follows

function pool:release(holder, number, now, note, old)
    local r = self.store:run("capacity_release", self.keys,
                             { holder, whole(number), whole(now), note or "",
                               old },
                             { durable = true })

    return r[1] == "released", r[2]
end


-- false: it was another; then the note as it is follows, or nil

function pool:note(number, old, new)
    local r = self.store:run("capacity_note", { self.keys[1] },
                             { whole(number), old, new },
                             { durable = true })

    return r[1] == "noted", r[2]
end


local function found(state, number, holder, note, lapses)
    return { state = state, number = number, holder = holder, note = note,
             lapses = lapses }
end


-- by number, or what a holder holds now.  state: "held", "confirmed" or
-- "gone"; nil: unknown

function pool:find(number, now)
    local r = self.store:run("capacity_find", self.keys,
                             { whole(number), "", whole(now) })

    return r[1] ~= "unknown" and found(r[1], r[2], r[3], r[4], r[5]) or nil
end


function pool:of(holder, now)
    local r = self.store:run("capacity_find", self.keys,
                             { "0", holder, whole(now) })

    return r[1] ~= "unknown" and found(r[1], r[2], r[3], r[4], r[5]) or nil
end


-- a page of those who hold a place, in the order of their coming, and where
-- the next page begins; nil: there is none

function pool:list(now, after, limit)
    local r = self.store:run("capacity_list", self.keys,
                             { whole(after or 0), whole(limit or 200),
                               whole(now) })
    local list = {}

    for i = 2, #r, 4 do
        list[#list + 1] = found(r[i + 3] == 0 and "confirmed" or "held",
                                r[i], r[i + 1], r[i + 2], r[i + 3])
    end

    return list, r[1] > 0 and r[1] or nil
end


return _M
