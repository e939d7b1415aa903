-- Copyright (C) Civic Gate
--
-- civic.test: what specs of plugins are written with.  They run beside a
-- real gate and a real Redis that ./civic plugin test started for them; what
-- the plugin calls elsewhere is answered by stubs.
--
--     local test = require "civic.test"
--
--     it("books a slot once", function()
--         local gate = test.gate()
--         local zhang = gate:citizen { sub = "zhang", scope = "booking:write" }
--         local answer = zhang:post("/health/booking/v1/appointments", { slot = "s1" })
--         assert.equal(201, answer.status)
--     end)
--
-- An answer is { status, headers, body, raw }: names of headers in lower
-- case, body decoded where it is JSON.

local http = require "civic.spec.http"
local json = require "cjson.safe"
local jwt = require "jwt"
local redis = require "civic.spec.redis"

local _M = {}

local place = assert(os.getenv("CIVIC_SPEC"), "run specs with ./civic plugin test")
local plugin = os.getenv("CIVIC_SPEC_PLUGIN")
local port = tonumber(os.getenv("CIVIC_SPEC_PORT"))
local KEY = "a key for specs only, of 32 bytes"

local ahead = 0                         -- seconds, of the plugin's clock

local client = {}
client.__index = client
local gate = {}
gate.__index = gate


local function write(name, text)
    local path = place .. "/" .. name
    local file = assert(io.open(path .. ".new", "w"))
    file:write(text)
    file:close()
    assert(os.rename(path .. ".new", path))
end


local function escape(text)
    return (tostring(text):gsub("[^%w%-._~]", function(char)
        return ("%%%02X"):format(char:byte())
    end))
end


local function query_string(query)
    local words = {}
    for name, value in pairs(query or {}) do
        for _, one in ipairs(type(value) == "table" and value or { value }) do
            table.insert(words, escape(name) .. "=" .. escape(one))
        end
    end
    table.sort(words)
    return words[1] and "?" .. table.concat(words, "&") or ""
end


-- a gate with nothing in its store, the clock at the real time, no stubs

function _M.gate()
    redis.command("FLUSHALL")
    _M.advance(-ahead)
    return setmetatable({}, gate)
end


-- a caller with a token of `issuer`; claims: sub, scope, region, any other

function gate:caller(issuer, claims)
    local now = os.time()
    local all = { iss = "https://spec.example/" .. issuer, aud = "spec",
                  iat = now, exp = now + 3600, sub = "somebody" }
    for name, value in pairs(claims or {}) do
        all[name] = value
    end
    local token = assert(jwt.mint(jwt.HS256, "spec", KEY, { json.encode(all) }))
    return setmetatable({ token = token }, client)
end


function gate:citizen(claims)
    return self:caller("citizens", claims)
end


-- a caller without a token

function gate.anyone()
    return setmetatable({}, client)
end


-- option: query, headers; a body that is a table is sent as JSON

function client:request(method, path, body, option)
    option = option or {}

    local headers = { ["Accept-Language"] = "en" }
    if self.token then
        headers.Authorization = "Bearer " .. self.token
    end
    if type(body) == "table" then
        headers["Content-Type"] = "application/json"
        body = assert(json.encode(body))
    end
    for name, value in pairs(option.headers or {}) do
        headers[name] = value
    end

    local answer = http.request(port, method, path .. query_string(option.query), headers, body)
    if (answer.headers["content-type"] or ""):find("json", 1, true) then
        answer.body = json.decode(answer.raw)
    end
    return answer
end


for _, method in ipairs { "get", "delete" } do
    client[method] = function(self, path, option)
        return self:request(method:upper(), path, nil, option)
    end
end

for _, method in ipairs { "post", "put", "patch" } do
    client[method] = function(self, path, body, option)
        return self:request(method:upper(), path, body, option)
    end
end


-- moves the plugin's clock (not that of tokens) forward

function _M.advance(seconds)
    ahead = ahead + seconds
    write("clock", ("%d\n"):format(ahead))
end


-- calls fn(1) ... fn(n) at the same time; returns what each returned

function _M.parallel(n, fn)
    return http.parallel(n, fn)
end


-- a command of Redis, as a list of words; keys are named whole

function _M.redis(...)
    return redis.command(...)
end


local function stub(name, request, answer)
    redis.command("HSET", ("civic:{%s:all}:answers"):format(name), request, json.encode(answer))
end


-- what the remote answers: test.remote("his", "GET /patients/1", {...}), the
-- answer being { status, headers, body }; a path that has no answer is 404

function _M.remote(name, request, answer)
    local method, path = request:match("^(%u+) (/.*)$")
    stub("stub/remotes", ("%s /%s%s"):format(method, name, path), answer)
end


-- what another plugin's route answers to civic.call: "data/pay:POST /orders",
-- its parameters filled in

function _M.plugin(target, answer)
    local name, method, path = target:match("^([^:]+):(%u+) (/.*)$")
    stub(name, ("%s /stub/%s%s"):format(method, name, path), answer)
end


-- what came to the remotes, or to the plugin that is named: a list of
-- { method, path, query, headers, body, raw }

function _M.requests(name)
    local key = ("civic:{%s:all}:log"):format(name or "stub/remotes")
    local list = {}
    for i, text in ipairs(redis.command("LRANGE", key, 0, -1)) do
        list[i] = json.decode(text)
    end
    return list
end


-- runs a function of the plugin as the clock would, now; waits for its end

function _M.run(name, data)
    redis.run_timer(plugin, name, data)
end


return _M
