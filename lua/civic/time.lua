-- Copyright (C) Civic Gate
--
-- civic.time: seconds since 1970 (UTC), and dates in Asia/Shanghai, which is
-- +08:00 all the year.  (Summer time of 1986 to 1991 is not counted.)

local _, native = ...

local operation, fail = native.operation, native.fail
local floor, tonumber, type = math.floor, tonumber, type

local OFFSET = 8 * 3600
local DAY = 86400

local time = {}


-- days since 1970-01-01 of a date, whose month may be beyond 12, and back

local function days(year, month, day)
    year = year + floor((month - 3) / 12)
    month = (month - 3) % 12
    local leaps = floor(year / 4) - floor(year / 100) + floor(year / 400)
    return 365 * year + leaps + floor((153 * month + 2) / 5) + day - 719469
end


local function date(n)
    n = n + 719468
    local era = floor(n / 146097)
    local doe = n - era * 146097
    local yoe = floor((doe - floor(doe / 1460) + floor(doe / 36524) - floor(doe / 146096)) / 365)
    local doy = doe - (365 * yoe + floor(yoe / 4) - floor(yoe / 100))
    local month = floor((5 * doy + 2) / 153)
    local day = doy - floor((153 * month + 2) / 5) + 1
    month = month + 3
    if month > 12 then
        return era * 400 + yoe + 1, month - 12, day
    end
    return era * 400 + yoe, month, day
end


-- time.now(): seconds, with a fraction
function time.now()
    return operation("time.now")
end


-- time.parts(seconds): { year, month, day, hour, minute, second, weekday },
-- second with its fraction, weekday from 1 (Monday) to 7
function time.parts(seconds)
    if type(seconds) ~= "number" or seconds - seconds ~= 0 then
        fail("time.parts takes seconds")
    end
    local moment = seconds + OFFSET
    local n = floor(moment / DAY)
    local rest = moment - n * DAY
    local year, month, day = date(n)
    return {
        year = year, month = month, day = day,
        hour = floor(rest / 3600), minute = floor(rest / 60) % 60, second = rest % 60,
        weekday = (n + 3) % 7 + 1,
    }
end


-- time.at(parts): seconds; what is not there is 0, or the first.  Parts beyond
-- their range carry over: day = 32 is in the next month.
function time.at(parts)
    if type(parts) ~= "table" or type(parts.year) ~= "number" then
        fail("time.at takes a table with a year")
    end
    return days(parts.year, parts.month or 1, parts.day or 1) * DAY - OFFSET
           + (parts.hour or 0) * 3600 + (parts.minute or 0) * 60 + (parts.second or 0)
end


-- time.format(seconds): "2026-11-26T15:04:05+08:00"
-- time.format(seconds, "date"): "2026-11-26"
function time.format(seconds, what)
    local p = time.parts(seconds)
    local text = ("%04d-%02d-%02d"):format(p.year, p.month, p.day)
    if what == "date" then
        return text
    end
    return ("%sT%02d:%02d:%02d+08:00"):format(text, p.hour, p.minute, floor(p.second))
end


local function offset(zone)
    if zone == "Z" or zone == "z" then
        return 0
    end
    local sign, hours, minutes = zone:match("^([+-])(%d%d):(%d%d)$")
    if not sign or tonumber(hours) > 23 or tonumber(minutes) > 59 then
        return nil
    end
    local seconds = hours * 3600 + minutes * 60
    return sign == "-" and -seconds or seconds
end


-- time.parse(text): seconds of "2026-11-26T15:04:05[.5]+08:00" or "...Z", and
-- of the beginning of the day "2026-11-26"; nil if it is neither, or no date
function time.parse(text)
    if type(text) ~= "string" then
        return nil
    end
    local year, month, day, rest = text:match("^(%d%d%d%d)%-(%d%d)%-(%d%d)(.*)$")
    if not year then
        return nil
    end
    year, month, day = tonumber(year), tonumber(month), tonumber(day)

    local n = days(year, month, day)
    local y, m, d = date(n)
    if y ~= year or m ~= month or d ~= day then
        return nil
    end
    if rest == "" then
        return n * DAY - OFFSET
    end

    local hour, minute, second, zone = rest:match("^[Tt](%d%d):(%d%d):(%d%d%.?%d*)(.+)$")
    local shift = zone and offset(zone)
    if not shift or second:sub(-1) == "." then
        return nil
    end
    hour, minute, second = tonumber(hour), tonumber(minute), tonumber(second)
    if hour > 23 or minute > 59 or second >= 60 then
        return nil
    end
    return n * DAY + hour * 3600 + minute * 60 + second - shift
end

return time
