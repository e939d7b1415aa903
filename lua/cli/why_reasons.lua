-- Copyright (C) Civic Gate
--
-- civic why: what the codes of src/civic_problem.h mean, in their order: a
-- line each, code, 中文, English.  t/cli-why.t wants every code here.

local LINES = [[
path-refused | 路径写法不规范 | the path was not canonical
body-too-large | 请求体过大 | the body was too large
no-route | 没有匹配的路由 | no route matched
internal-location | 该位置仅供内部使用 | the location is internal
not-found | 路由之后没有这个资源 | behind the route there is no such thing
method-not-allowed | 该路径不支持此方法 | the path does not serve this method
accel-redirect-refused | 拒绝上游的 X-Accel-Redirect | the upstream's X-Accel-Redirect was refused

credentials-missing | 没有带令牌 | no token came
credentials-malformed | Authorization 写法有误 | Authorization was malformed
token-too-large | 令牌过长 | the token was too long
token-malformed | 令牌格式有误 | the token was malformed
token-header-refused | 令牌头含不可接受的成员 | the token's header was refused
algorithm-refused | 签名算法不被接受 | the signature algorithm was refused
key-unknown | 找不到签名密钥 | the signing key is unknown
signature-invalid | 签名无效 | the signature was invalid
claims-malformed | 令牌内容有误 | the claims were malformed
issuer-unknown | 签发者未知 | the issuer is unknown
audience-mismatch | 令牌不是给本服务的 | the token is for another audience
token-expired | 令牌已过期 | the token had expired
token-not-yet-valid | 令牌尚未生效 | the token was not valid yet
issued-in-future | 令牌签发时间在将来 | the token was issued in the future
lifetime-too-long | 令牌有效期过长 | the token's lifetime was too long
type-mismatch | 令牌类型不符 | the token had another type
claim-missing | 缺少必要的声明 | a required claim was missing
scope-denied | 权限范围不足 | the scope was not enough

rate-limited | 超过频率限制 | the rate was exceeded
anonymous-denied | 匿名访问被拒绝 | anonymous callers are denied

body-malformed | 请求体不是严格的 JSON，或没有带 | the body was no strict JSON, or missing
idempotency-key-malformed | Idempotency-Key 写法有误 | the Idempotency-Key was malformed
idempotency-conflict | 同一 Idempotency-Key 的请求正在办理 | a request with that key is at work
unsupported-media-type | 请求体的类型不是 JSON | the body's type was not JSON
invalid-body | 请求体不合插件的模式 | the body did not fit the plugin's schema
invalid-query | 查询参数不合插件的模式 | the query did not fit the plugin's schema
idempotency-mismatch | 同一 Idempotency-Key 曾用于另一请求 | that key came with another request before
plugin-problem | 插件报出了它清单里的问题 | the plugin raised a problem of its manifest
plugin-failed | 插件出错，或给出不能用的值 | the plugin failed, or gave what is no answer
plugin-budget-exceeded | 插件用尽指令、时间或内存，被终止 | the plugin spent its budget and was killed
plugin-timeout | 插件等待过久 | the plugin waited past its deadline
store-unavailable | 存储（Redis）不可用 | the store (Redis) was not available

internal | 网关内部错误 | the gate itself failed
answer-refused | 上游应答不能交给过滤插件 | the upstream's answer was none that a plugin could filter
bad-gateway | 上游应答有误 | the upstream's answer was bad
unavailable | 暂不可用 | unavailable for now
gateway-timeout | 上游超时 | the upstream took too long

plugin-not-loaded | 插件没有可用的版本 | no version of the plugin works
plugin-stopped | 插件已停用 | the plugin is stopped
plugin-quarantined | 插件连续出错，暂停中 | the plugin kept failing and is left alone
]]

local reasons = {}

for code, zh, en in LINES:gmatch("([%w-]+) | ([^|\n]+) | ([^|\n]+)\n") do
    reasons[code] = zh .. " / " .. en
end

return reasons
