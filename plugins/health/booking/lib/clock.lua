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


function _M.hhmm(ms)
    local p = time.parts(ms / 1000)

    return string.format("%02d%02d", p.hour, p.minute)
end


function _M.iso(ms)
    return time.format(ms / 1000)
end


-- in UTC: Shanghai's clock eight hours ago

function _M.utc(ms)
    local p = time.parts((ms - 8 * _M.HOUR) / 1000)

    return string.format("%04d%02d%02dT%02d%02d%02dZ", p.year, p.month,
                         p.day, p.hour, p.minute, math.floor(p.second))
end


return _M
