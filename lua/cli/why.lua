-- Copyright (C) Civic Gate
--
-- civic why: asks the gate for its recent decisions about one trace id and
-- says in words what happened.  It knows no reason of its own: what it has
-- no words for, it prints as the gate's code.
--
--     luajit why.lua GATE_URL TRACE_ID

package.path = arg[0]:match("^(.-)[^/]*$") .. "?.lua;" .. package.path

local json = require "cjson.safe"

local fail = require "command".fail
local reasons = require "why_reasons"


-- status and body; the trace id holds nothing that a shell would read

local function ask(url)
    local pipe = assert(io.popen("curl -s -m 5 -w '\\n%{http_code}' '" .. url .. "'"))
    local text = pipe:read("*a")
    pipe:close()
    local body, status = text:match("^(.*)\n(%d+)$")
    return tonumber(status or 0), body
end


local function line(zh, en, text)
    if text and text ~= json.null and text ~= "" then
        print(("  %s %s: %s"):format(zh, en, tostring(text)))
    end
end


local function explain(decision)
    local code = decision.code
    local place = decision.refused_by

    print(("%s %s -> %d"):format(decision.method,
                                 decision.path .. (decision.path_cut and "..." or ""),
                                 decision.status))
    line("时间", "time", decision.time)
    line("代码", "code", code)
    line("原因", "reason", reasons[code])
    line("依据", "refused by", place and place.file .. ":" .. place.line)
    line("服务", "service", decision.service)
    line("路由", "route", decision.route)
    line("身份", "authentication", decision.auth)
    line("限流", "limit", decision.limit)
    line("上游状态", "upstream status", decision.upstream_status)
    line("网关用时", "gate's own time",
         ("%.0f us"):format(decision.gate_seconds * 1e6))
end


local gate, trace = arg[1], arg[2]:lower()
if not trace:match("^%x+$") or #trace ~= 32 then
    fail("追踪号应为 32 位十六进制数: " .. arg[2]:gsub("%c", "?"),
         "a trace id has 32 hexadecimal digits: " .. arg[2]:gsub("%c", "?"))
end

local status, body = ask(gate .. "/status/why?trace=" .. trace)
if status == 0 then
    fail("网关没有应答: " .. gate, "the gate does not answer: " .. gate)
end

local answer = json.decode(body)
local decisions = answer and answer.decisions
if status == 404 or (decisions and #decisions == 0) then
    fail("最近的应答中没有 " .. trace, "no recent answer has the trace id " .. trace)
end
if status ~= 200 or not decisions then
    fail("网关的应答看不懂，状态 " .. status,
         "the gate's answer makes no sense, status " .. status)
end

for _, decision in ipairs(decisions) do
    explain(decision)
end
