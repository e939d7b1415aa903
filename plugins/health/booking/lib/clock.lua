-- Copyright (C) Civic Gate
--
-- Time as the clinics know it: milliseconds since 1970 within, the days and
-- hours of Asia/Shanghai without.

local time = civic.time

local _M = { MINUTE = 60000, HOUR = 3600000, DAY = 86400000 }


function _M.now()
    return math.floor(time.now() * 1000)
end


-- midnight of "2026-12-01"; nil: there is no such day

function _M.day(text)
    local start = #text == 10 and time.parse(text)

    return start and start * 1000 or nil
end


-- "08:30" or "0830" as milliseconds of the day

function _M.time(text)
    local h, m = text:match("^(%d%d):?(%d%d)$")

    h, m = tonumber(h), tonumber(m)
    if not h or h > 24 or m > 59 or (h == 24 and m > 0) then
        return nil
    end

    return h * _M.HOUR + m * _M.MINUTE
end


function _M.date(ms)
    return time.format(ms / 1000, "date")
end


-- seconds of the day, and which day it is; Shanghai's clock is eight hours on

local function of_day(ms)
    local s = math.floor(ms / 1000) + 8 * 3600

    return s % 86400, math.floor(s / 86400)
end


function _M.hhmm(ms)
    local s = of_day(ms)

    return string.format("%02d%02d", math.floor(s / 3600),
                         math.floor(s % 3600 / 60))
end


-- lists are of one day, so the last one is kept

local last_day, last_date

function _M.iso(ms)
    local s, day = of_day(ms)

    if day ~= last_day then
        last_day, last_date = day, _M.date(ms)
    end

    return string.format("%sT%02d:%02d:%02d+08:00", last_date,
                         math.floor(s / 3600), math.floor(s % 3600 / 60),
                         s % 60)
end


-- in UTC: Shanghai's clock eight hours ago

function _M.utc(ms)
    local p = time.parts((ms - 8 * _M.HOUR) / 1000)

    return string.format("%04d%02d%02dT%02d%02d%02dZ", p.year, p.month,
                         p.day, p.hour, p.minute, math.floor(p.second))
end


return _M
