-- Copyright (C) Civic Gate
--
-- One appointment as an iCalendar object, RFC 5545: times in UTC, so no
-- VTIMEZONE; lines of at most 75 octets, folded between characters.  No
-- METHOD: it is a file, not a message of RFC 5546, which wants an ORGANIZER
-- with an address.

local clock = require "clock"

local _M = {}

local STATUS = { pending = "TENTATIVE", booked = "CONFIRMED",
                 arrived = "CONFIRMED", fulfilled = "CONFIRMED" }
local ESCAPES = { ["\\"] = "\\\\", [";"] = "\\;", [","] = "\\,",
                  ["\n"] = "\\n" }


-- 3.3.11: control characters other than TAB are not text

function _M.escape(text)
    return (text:gsub("\r\n?", "\n"):gsub("[\\;,\n]", ESCAPES)
                :gsub("[%z\1-\8\11-\31\127]", ""))
end


-- a continuation begins with a space, which counts; bytes 128 .. 191 go on
-- with the character before them

function _M.fold(line)
    local parts, from, room = {}, 1, 75

    while #line - from + 1 > room do
        local to = from + room

        while line:byte(to) >= 128 and line:byte(to) < 192 do
            to = to - 1
        end

        parts[#parts + 1] = line:sub(from, to - 1)
        from, room = to, 74
    end

    parts[#parts + 1] = line:sub(from)
    return table.concat(parts, "\r\n ")
end


function _M.appointment(it, now)
    local meta = it.slot.meta
    local title = string.format("就诊预约 %s %s", meta.department_name,
                                meta.doctor_name)
    local lines = {
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Civic Gate//Outpatient booking//ZH",
        "CALSCALE:GREGORIAN",
        "BEGIN:VEVENT",
        "UID:" .. it.id .. "@booking.health.civicgate",
        "DTSTAMP:" .. clock.utc(now),
        "DTSTART:" .. clock.utc(it.slot.start),
        "DTEND:" .. clock.utc(it.slot.stop),
        "SUMMARY:" .. _M.escape(title),
        "DESCRIPTION:" .. _M.escape(string.format(
            "序号 %d。请在开始前一小时内签到。\n"
            .. "Number %d. Check in within the hour before.",
            it.number, it.number)),
        "STATUS:" .. (STATUS[it.status] or "CANCELLED"),
        "TRANSP:OPAQUE",
        "END:VEVENT",
        "END:VCALENDAR",
    }

    for i, line in ipairs(lines) do
        lines[i] = _M.fold(line)
    end

    return table.concat(lines, "\r\n") .. "\r\n"
end


return _M
