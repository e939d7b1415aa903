-- Copyright (C) Civic Gate
--
-- civic token revoke, lift, revoked: asks the running gate's administrators'
-- API to refuse what was issued, to let it in again, or to list all that is
-- refused.  It decides nothing: what cannot be, the gate says.
--
--     luajit token_revoke.lua GATE_URL revoke|lift WHAT [--reason R]
--     luajit token_revoke.lua GATE_URL revoked
--
--     WHAT  --token-file F            a token; "-": from standard input
--           --jti J --issuer I [--expires T]
--           --subject ISSUER:S [--before T] [--expires T]
--           --client ISSUER:C [--before T] [--expires T]
--           --app A [--expires T]
--           --issuer I --before T [--expires T]
--           --all --before T [--expires T]
--     T     seconds since 1970, now, +90s +10m +8h +30d, or
--           2026-01-31T08:00:00+08:00
--
-- A token is read from a file: the words of a command are for all to see.

package.path = arg[0]:match("^(.-)[^/]*$") .. "?.lua;" .. package.path

local admin = require "admin"
local command = require "command"
local json = require "cjson.safe"

local fail, escape = command.fail, admin.escape

local SECONDS = { s = 1, m = 60, h = 3600, d = 86400 }
local OPTIONS = { ["token-file"] = true, jti = true, issuer = true,
                  expires = true, before = true, subject = true,
                  client = true, app = true, reason = true }


local function usage()
    fail("用法: ./civic token revoke|lift --token-file F | --jti J --issuer I"
         .. " | --subject S | --client C | --app A | --issuer I --before T"
         .. " | --all --before T",
         "usage: ./civic token revoke|lift --token-file F | --jti J"
         .. " --issuer I | --subject S | --client C | --app A"
         .. " | --issuer I --before T | --all --before T")
end


-- days since 1970 of a Gregorian date

local function days(year, month, day)
    if month <= 2 then
        year, month = year - 1, month + 12
    end
    return 365 * year + math.floor(year / 4) - math.floor(year / 100)
           + math.floor(year / 400) + math.floor((153 * month - 457) / 5)
           + day - 719469
end


-- now: the end of this second, and what was issued in it is before

local function parse_time(name, text)
    local number, unit = text:match("^%+(%d+)([smhd])$")
    if text:match("^%d+$") then
        return tonumber(text)
    elseif text == "now" then
        return os.time() + 1
    elseif number then
        return os.time() + tonumber(number) * SECONDS[unit]
    end

    local year, month, day, hour, minute, second, zone =
        text:match("^(%d%d%d%d)-(%d%d)-(%d%d)T(%d%d):(%d%d):(%d%d)(.+)$")
    local sign, ahead, also = (zone or ""):match("^([+-])(%d%d):(%d%d)$")
    if not year or not (zone == "Z" or sign) then
        fail("--" .. name .. " 不是时间: " .. text,
             "--" .. name .. " is not a time: " .. text)
    end

    local offset = sign and (ahead * 60 + also) * 60 or 0
    return days(tonumber(year), tonumber(month), tonumber(day)) * 86400
           + hour * 3600 + minute * 60 + second
           - (sign == "-" and -offset or offset)
end


local function decode_base64url(text)
    local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                     .. "0123456789-_"
    local bits, n, bytes = 0, 0, {}
    for letter in text:gmatch(".") do
        local value = alphabet:find(letter, 1, true)
        if not value then
            return nil
        end
        bits, n = bits * 64 + value - 1, n + 6
        if n >= 8 then
            n = n - 8
            table.insert(bytes, string.char(math.floor(bits / 2 ^ n)))
            bits = bits % 2 ^ n
        end
    end
    return table.concat(bytes)
end


-- what a token says of itself: the gate that gets it knows its issuer

local function read_token(path)
    local text = command.contents(path)
    local payload = text:match("^%s*[%w_-]+%.([%w_-]+)%.[%w_-]*%s*$")
    local claims = payload and json.decode(decode_base64url(payload) or "")
    if type(claims) ~= "table" then
        fail(path .. " 里不是令牌", path .. " holds no token")
    end
    if type(claims.jti) ~= "string" or type(claims.iss) ~= "string"
       or type(claims.exp) ~= "number"
    then
        fail("令牌没有 iss、jti 或 exp，请改用 --subject",
             "the token has no iss, jti or exp: use --subject")
    end
    return { issuer = claims.iss, jti = claims.jti,
             expires = math.ceil(claims.exp) }
end


local function parse_arguments(words)
    local options, i = {}, 3
    while words[i] do
        if words[i] == "--all" then
            options.all = true
            i = i + 1
        else
            local name, value
            name, value, i = command.option(words, i, OPTIONS)
            if value == "" then
                command.missing(name)
            end
            if options[name] then
                fail("选项重复: --" .. name, "--" .. name .. " comes twice")
            end
            options[name] = value
        end
    end

    for _, name in ipairs { "before", "expires" } do
        options[name] = options[name] and parse_time(name, options[name])
    end
    return options
end


-- as the API has it

local function order_of(options)
    local order = { before = options.before, expires = options.expires,
                    reason = options.reason, subject = options.subject,
                    client = options.client, app = options.app,
                    all = options.all, issuer = options.issuer }
    if options["token-file"] then
        order.token = read_token(options["token-file"])
    elseif options.jti then
        if not options.issuer then
            usage()
        end
        order.token = { issuer = options.issuer, jti = options.jti,
                        expires = options.expires }
        order.issuer, order.expires = nil, nil
    end
    return order
end


local function show(entry)
    local text = json.encode(entry.token or entry.subject or entry.client
                             or entry.app or entry.issuer or entry.all)
    local kind = entry.token and "token" or entry.subject and "subject"
                 or entry.client and "client" or entry.app and "app"
                 or entry.issuer and "issuer" or "all"
    local words = { kind, text }
    for _, name in ipairs { "before", "expires", "created" } do
        if entry[name] then
            table.insert(words, name .. "="
                                .. os.date("!%Y-%m-%dT%H:%M:%SZ", entry[name]))
        end
    end
    table.insert(words, entry.reason)
    print(table.concat(words, "  "))
end


local function list(gate)
    local after = "0"
    while after do
        local answer = admin.ask(gate, "GET", "revocations?limit=1000&after="
                                 .. after, nil, 200)
        for _, entry in ipairs(answer.revocations) do
            show(entry)
        end
        after = answer.next
    end
end


local function lift(gate, order)
    local words = {}
    if order.token then
        words = { "token=" .. escape(order.token.jti),
                  "issuer=" .. escape(order.token.issuer) }
    else
        for _, name in ipairs { "subject", "client", "app", "issuer" } do
            if order[name] then
                table.insert(words, name .. "=" .. escape(order[name]))
            end
        end
        if order.all then
            table.insert(words, "all=true")
        end
    end
    admin.ask(gate, "DELETE", "revocations?" .. table.concat(words, "&"), nil,
              204)
    io.write("已恢复\nlifted\n")
end


local gate, command = arg[1], arg[2]

if command == "revoked" then
    if arg[3] then
        fail("未知选项: " .. arg[3], "no such option: " .. arg[3])
    end
    list(gate)
    os.exit(0)
end

local order = order_of(parse_arguments(arg))
if command == "lift" then
    lift(gate, order)
else
    local answer = admin.ask(gate, "POST", "revocations", order, 201)
    io.write("已吊销，各网关一秒内生效\n",
             "revoked: all gates refuse it within a second\n")
    show(answer)
end
