-- Copyright (C) Civic Gate
--
-- Time as the clinics know it: milliseconds since 1970 within, the days and
-- hours of Asia/Shanghai (always +08:00 since 1991) without.

local _M = { MINUTE = 60000, HOUR = 3600000, DAY = 86400000 }

local OFFSET = 8 * _M.HOUR


function _M.now()
    return math.floor(civic.time.now() * 1000)
end


-- days since 1970 of a date of the Gregorian calendar, and back

local function days(year, month, day)
    local y = month <= 2 and year - 1 or year
    local era = math.floor(y / 400)
    local m = (month + 9) % 12
    local of_era = (y - era * 400) * 365 + math.floor((y - era * 400) / 4)
                   - math.floor((y - era * 400) / 100)
                   + math.floor((153 * m + 2) / 5) + day - 1

    return era * 146097 + of_era - 719468
end


local function date(n)
    local z = n + 719468
    local era = math.floor(z / 146097)
    local doe = z - era * 146097
    local yoe = math.floor((doe - math.floor(doe / 1460)
                            + math.floor(doe / 36524)
                            - math.floor(doe / 146096)) / 365)
    local doy = doe - (365 * yoe + math.floor(yoe / 4)
                       - math.floor(yoe / 100))
    local mp = math.floor((5 * doy + 2) / 153)
    local month = mp < 10 and mp + 3 or mp - 9

    return yoe + era * 400 + (month <= 2 and 1 or 0), month,
           doy - math.floor((153 * mp + 2) / 5) + 1
end


-- midnight of "2026-12-01" in Shanghai; nil: there is no such day

function _M.day(text)
    local y, m, d = text:match("^(%d%d%d%d)-(%d%d)-(%d%d)$")

    if not y then
        return nil
    end

    local n = days(tonumber(y), tonumber(m), tonumber(d))

    if string.format("%04d-%02d-%02d", date(n)) ~= text then
        return nil
    end

    return n * _M.DAY - OFFSET
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


local function parts(ms, offset)
    local s = math.floor((ms + offset) / 1000)
    local y, m, d = date(math.floor(s / 86400))
    local rest = s % 86400

    return y, m, d, math.floor(rest / 3600), math.floor(rest % 3600 / 60),
           rest % 60
end


function _M.date(ms)
    local y, m, d = parts(ms, OFFSET)

    return string.format("%04d-%02d-%02d", y, m, d)
end


function _M.hhmm(ms)
    local _, _, _, h, m = parts(ms, OFFSET)

    return string.format("%02d%02d", h, m)
end


function _M.iso(ms)
    return string.format("%04d-%02d-%02dT%02d:%02d:%02d+08:00",
                         parts(ms, OFFSET))
end


function _M.utc(ms)
    return string.format("%04d%02d%02dT%02d%02d%02dZ", parts(ms, 0))
end


return _M
