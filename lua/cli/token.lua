-- Copyright (C) Civic Gate
--
-- civic token: mints a development token with the demo issuer's key, through
-- libjwt.  It decides nothing about who may have one: the key is the demo's.
--
--     luajit token.lua KEY_FOLDER --sub S [--scope "a b"] [--aud A]
--                      [--ttl 1h] [--claim k=v]...

package.path = arg[0]:match("^(.-)[^/]*$") .. "?.lua;" .. package.path

local command = require "command"
local json = require "cjson.safe"
local jwt = require "jwt"

local fail, read = command.fail, command.contents

local ISSUER = "https://id.civicgate.example"
local KEY_ID = "demo"
local SECONDS = { s = 1, m = 60, h = 3600, d = 86400 }
local RESERVED = { iss = true, sub = true, aud = true, scope = true,
                   iat = true, exp = true, jti = true }


local function parse_ttl(text)
    local number, unit = text:match("^(%d+)([smhd]?)$")
    if not number or tonumber(number) == 0 then
        fail("--ttl 应为时长，如 30s 10m 1h: " .. text,
             "--ttl wants a time such as 30s, 10m, 1h: " .. text)
    end
    return tonumber(number) * SECONDS[unit == "" and "s" or unit]
end


local function parse_claim(text)
    local name, value = text:match("^([^=]+)=(.*)$")
    if not name then
        fail("--claim 应为 名称=值: " .. text,
             "--claim wants NAME=VALUE: " .. text)
    end
    if RESERVED[name] then
        fail("--claim 不能设置 " .. name, "--claim may not set " .. name)
    end
    return { name = name, value = value }
end


local function parse_arguments(words)
    local options = { aud = "social-services", ttl = "1h", claims = {} }
    local known = { sub = true, scope = true, aud = true, ttl = true,
                    claim = true }

    local i = 2
    while words[i] do
        local name, value
        name, value, i = command.option(words, i, known)
        if value == "" then
            command.missing(name)
        end
        if name == "claim" then
            table.insert(options.claims, parse_claim(value))
        else
            options[name] = value
        end
    end

    if not options.sub then
        fail("缺少 --sub，见 ./civic help", "--sub is missing, see ./civic help")
    end
    options.ttl = parse_ttl(options.ttl)
    return options
end


local function random_id()
    return (read("/dev/urandom", 16):gsub(".", function(byte)
        return ("%02x"):format(byte:byte())
    end))
end


-- one member as a JSON object; a value that is JSON (2, true, "2", [1,2])
-- stays what it is, other text is a string

local function member(name, value)
    if json.decode(value) == nil then
        value = jwt.quote(value)
    end
    return "{" .. jwt.quote(name) .. ":" .. value .. "}"
end


local function mint(options, key)
    local now = os.time()
    local claims = {}

    local texts = { iss = ISSUER, sub = options.sub, aud = options.aud,
                    scope = options.scope, jti = random_id() }
    for name, value in pairs(texts) do
        table.insert(claims, member(name, jwt.quote(value)))
    end
    table.insert(claims, member("iat", tostring(now)))
    table.insert(claims, member("exp", tostring(now + options.ttl)))
    for _, claim in ipairs(options.claims) do
        table.insert(claims, member(claim.name, claim.value))
    end

    local token, what = jwt.mint(jwt.ES256, KEY_ID, key, claims)
    if token then
        return token
    end
    if what == "libjwt" then
        fail("找不到 libjwt (Debian: libjwt-dev)",
             "libjwt was not found (Debian: libjwt-dev)")
    end
    fail("无法签发: " .. what, "cannot mint: " .. what)
end


local options = parse_arguments(arg)
print(mint(options, read(arg[1] .. "/citizens.pem")))
