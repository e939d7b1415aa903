-- Copyright (C) Civic Gate
--
-- civic why: what the codes of src/problem/ mean, in their order: a
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
token-inactive | 签发者说令牌无效 | the issuer says that the token is not active
keys-unavailable | 还没有取到签发者的密钥 | the issuer's keys could not be fetched yet
introspection-unavailable | 无法向签发者查询令牌 | the issuer could not be asked about the token
token-binding-failed | 令牌绑定的证书不符 | the token is bound to another certificate
token-revoked | 已被吊销 | it was revoked
revocations-unknown | 还没有读到吊销名单 | no list of revocations was read yet

key-malformed | API 密钥写法有误 | the API key was malformed
app-disabled | 应用已停用 | the application is disabled
credential-expired | 凭据或应用已过期 | the credential or its application has expired
address-refused | 应用不得从该地址调用 | the application may not call from there
apps-unavailable | 无法查询应用 | the application could not be looked up
certificate-unverified | 客户端证书未经验证 | the client's certificate was not verified
signature-malformed | 签名的写法有误 | the signature was malformed
signature-incomplete | 签名没有覆盖必须覆盖的部分 | the signature leaves out what it must cover
signature-stale | 签名已过时 | the signature was too old
signature-from-future | 签名时间在将来 | the signature was made in the future
signature-before-start | 签名早于网关启动，无法排除重放 | the signature is older than what this gate remembers
signature-scheme-refused | 此处不接受这种签名方式 | signatures of this scheme are not taken here
digest-mismatch | 请求体与签名的摘要不符 | the body is not the one that was signed
nonce-replayed | 请求被重放 | the request was sent before
nonces-full | 随机数存储已满 | there was no room to remember the nonce
nonces-unavailable | 随机数存储没有应答 | the store of nonces did not answer
body-unseen | 请求体在核验之前已被读走 | the body had been read before it could be checked

signin-state | 登录不是由这个浏览器发起的，或已过期 | this browser did not begin that sign-in, or long ago
signin-answer | 身份提供方带回的参数有误 | what the provider sent back was malformed
signin-denied | 身份提供方没有同意登录 | the provider did not agree to the sign-in
signin-code | 身份提供方不认识授权码 | the provider did not know the code
signin-nonce | 身份令牌属于另一次登录 | the ID token was of another sign-in
signin-token | 身份令牌未通过核验 | the ID token was refused
signin-provider | 身份提供方没有给出身份令牌 | the provider gave no ID token
signin-logout-token | 注销令牌未通过核验 | the logout token was refused
signin-unavailable | 会话存储没有应答 | the store of sessions did not answer

parties-differ | 两份凭据不属于同一方 | the credentials were of two parties
origin-refused | 请求来自其他网站的页面 | the request came from another site's page
scope-denied | 权限范围不足 | the scope was not enough
role-denied | 没有所需的角色 | the caller lacks the role
region-denied | 不在调用者的区划之内 | it lies outside the caller's region
claim-denied | 令牌中的声明不符合要求 | a claim was not as required
caller-denied | 不是所要求的应用或签发者 | another application or issuer is required
source-denied | 请求中的值不符合要求 | what the request says was not as required
source-missing | 请求缺少所要核对的值 | the request lacks what is to be checked
level-denied | 身份认证等级不够 | the level of assurance was not enough
source-duplicate | 所要核对的值出现不止一次 | what is to be checked comes twice
source-malformed | 所要核对的值写法有歧义 | what is to be checked can be read in two ways

admin-not-local | 管理接口只回答本机 | the administrators' API is for this machine
admin-not-found | 没有这个资源 | there is no such resource
admin-conflict | 与现有内容冲突 | it is at odds with what is there
admin-invalid | 管理请求看不懂 | the administrator's request makes no sense

rate-limited | 超过频率限制 | the rate was exceeded
anonymous-denied | 匿名访问被拒绝 | anonymous callers are denied

body-malformed | 请求体不是严格的 JSON，或没有带 | the body was no strict JSON, or missing
idempotency-key-malformed | Idempotency-Key 写法有误 | the Idempotency-Key was malformed
idempotency-conflict | 同一 Idempotency-Key 的请求正在办理 | a request with that key is at work
unsupported-media-type | 请求体的类型不是 JSON | the body's type was not JSON
invalid-body | 请求体不合插件的模式 | the body did not fit the plugin's schema
invalid-query | 查询参数不合插件的模式 | the query did not fit the plugin's schema
idempotency-answer-lost | 已办理，但应答没能保存 | it was done, and its answer could not be kept
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
