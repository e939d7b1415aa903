-- Copyright (C) Civic Gate
--
-- civic why: asks the gate for its recent decisions about one trace id and
-- says in words what happened.  It knows no reason of its own: what it has
-- no words for, it prints as the gate's code.
--
--     luajit why.lua GATE_URL TRACE_ID

package.path = arg[0]:match("^(.-)[^/]*$") .. "?.lua;" .. package.path

local json = require "cjson.safe"

local REASONS = {
    ["path-refused"] = { "路径写法不规范", "the path was not canonical" },
    ["body-too-large"] = { "请求体过大", "the body was too large" },
    ["no-route"] = { "没有匹配的路由", "no route matched" },
    ["internal-location"] = { "该位置仅供内部使用",
                              "the location is internal" },
    ["method-not-allowed"] = { "该路径不支持此方法",
                               "the path does not serve this method" },
    ["accel-redirect-refused"] = { "拒绝上游的 X-Accel-Redirect",
                                   "the upstream's X-Accel-Redirect was refused" },
    ["credentials-missing"] = { "没有带令牌", "no token came" },
    ["credentials-malformed"] = { "Authorization 写法有误",
                                  "Authorization was malformed" },
    ["token-too-large"] = { "令牌过长", "the token was too long" },
    ["token-malformed"] = { "令牌格式有误", "the token was malformed" },
    ["token-header-refused"] = { "令牌头含不可接受的成员",
                                 "the token's header was refused" },
    ["algorithm-refused"] = { "签名算法不被接受",
                              "the signature algorithm was refused" },
    ["key-unknown"] = { "找不到签名密钥", "the signing key is unknown" },
    ["signature-invalid"] = { "签名无效", "the signature was invalid" },
    ["claims-malformed"] = { "令牌内容有误", "the claims were malformed" },
    ["issuer-unknown"] = { "签发者未知", "the issuer is unknown" },
    ["audience-mismatch"] = { "令牌不是给本服务的",
                              "the token is for another audience" },
    ["token-expired"] = { "令牌已过期", "the token had expired" },
    ["token-not-yet-valid"] = { "令牌尚未生效",
                                "the token was not valid yet" },
    ["issued-in-future"] = { "令牌签发时间在将来",
                             "the token was issued in the future" },
    ["lifetime-too-long"] = { "令牌有效期过长",
                              "the token's lifetime was too long" },
    ["type-mismatch"] = { "令牌类型不符", "the token had another type" },
    ["claim-missing"] = { "缺少必要的声明", "a required claim was missing" },
    ["parties-differ"] = { "两份凭据不属于同一方",
                           "the credentials were of two parties" },
    ["signin-state"] = { "登录不是由这个浏览器发起的，或已过期",
                         "this browser did not begin that sign-in, or long ago" },
    ["signin-answer"] = { "身份提供方带回的参数有误",
                          "what the provider sent back was malformed" },
    ["signin-denied"] = { "身份提供方没有同意登录",
                          "the provider did not agree to the sign-in" },
    ["signin-code"] = { "身份提供方不认识授权码",
                        "the provider did not know the code" },
    ["signin-nonce"] = { "身份令牌属于另一次登录",
                         "the ID token was of another sign-in" },
    ["signin-token"] = { "身份令牌未通过核验", "the ID token was refused" },
    ["signin-provider"] = { "身份提供方没有给出身份令牌",
                            "the provider gave no ID token" },
    ["signin-logout-token"] = { "注销令牌未通过核验",
                                "the logout token was refused" },
    ["signin-unavailable"] = { "会话存储没有应答",
                               "the store of sessions did not answer" },
    ["origin-refused"] = { "请求来自其他网站的页面",
                           "the request came from another site's page" },
    ["token-revoked"] = { "已被吊销", "it was revoked" },
    ["revocations-unknown"] = { "还没有读到吊销名单",
                                "no list of revocations was read yet" },
    ["admin-not-local"] = { "管理接口只回答本机",
                            "the administrators' API is for this machine" },
    ["admin-not-found"] = { "没有这个资源", "there is no such resource" },
    ["admin-conflict"] = { "与现有内容冲突",
                           "it is at odds with what is there" },
    ["admin-invalid"] = { "管理请求看不懂",
                          "the administrator's request makes no sense" },
    ["scope-denied"] = { "权限范围不足", "the scope was not enough" },
    ["rate-limited"] = { "超过频率限制", "the rate was exceeded" },
    ["anonymous-denied"] = { "匿名访问被拒绝", "anonymous callers are denied" },
    ["internal"] = { "网关内部错误", "the gate itself failed" },
    ["bad-gateway"] = { "上游应答有误", "the upstream's answer was bad" },
    ["unavailable"] = { "暂不可用", "unavailable for now" },
    ["plugin-not-loaded"] = { "插件没有可用的版本",
                              "no version of the plugin works" },
    ["plugin-stopped"] = { "插件已停用", "the plugin is stopped" },
    ["plugin-quarantined"] = { "插件连续出错，暂停中",
                               "the plugin kept failing and is left alone" },
    ["gateway-timeout"] = { "上游超时", "the upstream took too long" },
}
local reasons = require "why_reasons"


local function fail(zh, en)
    io.stderr:write(zh, "\n", en, "\n")
    os.exit(1)
end


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
