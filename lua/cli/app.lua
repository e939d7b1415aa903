-- Copyright (C) Civic Gate
--
-- civic app: applications, through the administrators' API of the running
-- gate.  A key and a secret are printed once, alone on the last line.
--
--     luajit app.lua GATE_URL COMMAND...

package.path = arg[0]:match("^(.-)[^/]*$") .. "?.lua;" .. package.path

local admin = require "admin"
local command = require "command"
local json = require "cjson.safe"

local fail = command.fail

local SECONDS = { s = 1, m = 60, h = 3600, d = 86400 }

local gate = arg[1]


local function usage()
    fail("用法: ./civic app COMMAND，见 ./civic help",
         "usage: ./civic app COMMAND, see ./civic help")
end


local function words_of(text)
    local words = {}
    for word in text:gmatch("[^%s,]+") do
        table.insert(words, word)
    end
    return setmetatable(words, json.array_mt)
end


local function seconds_of(text, name)
    local number, unit = text:match("^(%d+)([smhd]?)$")
    if not number or tonumber(number) == 0 then
        fail("--" .. name .. " 应为时长，如 30m 8h 365d: " .. text,
             "--" .. name .. " wants a time such as 30m, 8h, 365d: " .. text)
    end
    return tonumber(number) * SECONDS[unit == "" and "s" or unit]
end


local function time_of(text, name)
    return text == "never" and json.null or os.time() + seconds_of(text, name)
end


local function contents_of(path, name)
    return (command.contents(path):gsub("\n$", ""))
end


local function jwk_of(path, name)
    local jwk = json.decode(contents_of(path))
    if type(jwk) ~= "table" then
        fail(path .. " 里不是 JWK", path .. " holds no JWK")
    end
    return jwk
end


-- "" takes a member away

local function text_of(text)
    return text == "" and json.null or text
end


-- option = { member of the body, how its value is read }

local RECORD = {
    title = { "title", text_of }, scopes = { "scopes", words_of },
    region = { "region", text_of }, class = { "class", text_of },
    addresses = { "addresses", words_of }, ["expires-in"] = { "expires", time_of },
}

local KEY = { ttl = { "ttl", seconds_of } }

local SECRET = {
    algorithm = { "algorithm", tostring }, schemes = { "schemes", words_of },
    id = { "id", tostring }, ttl = { "ttl", seconds_of },
    ["secret-file"] = { "secret", contents_of }, ["jwk-file"] = { "jwk", jwk_of },
}

local CERTIFICATE = {
    sha256 = { "sha256", function(text) return text:gsub(":", ""):lower() end },
    subject = { "subject", tostring },
}


local function body_of(words, first, options)
    local body = {}
    local i = first
    while words[i] do
        local name, value
        name, value, i = command.option(words, i, options)
        local member, read = unpack(options[name])
        body[member] = read(value, name)
    end
    return body
end


local function time_text(seconds)
    return os.date("!%Y-%m-%dT%H:%M:%SZ", seconds)
end


local function line(zh, en, text)
    if text and text ~= "" and text ~= json.null then
        print(("  %s %s: %s"):format(zh, en, tostring(text)))
    end
end


local function credential(zh, en, item, ...)
    local words = {}
    for _, text in ipairs { ... } do
        table.insert(words, text)
    end
    if item.created then
        table.insert(words, "created " .. time_text(item.created))
    end
    if item.expires then
        table.insert(words, "expires " .. time_text(item.expires))
    end
    line(zh, en, table.concat(words, "  "))
end


local function show(app)
    print(app.name .. (app.enabled == false and "  (停用 disabled)" or ""))
    line("名称", "title", app.title)
    line("权限", "scopes", table.concat(app.scopes or {}, " "))
    line("地区", "region", app.region)
    line("类别", "class", app.class)
    line("地址", "addresses", table.concat(app.addresses or {}, " "))
    line("到期", "expires", app.expires and time_text(app.expires))
    for _, key in ipairs(app.keys or {}) do
        credential("密钥", "key", key, key.id, key.prefix .. "_...")
    end
    for _, signer in ipairs(app.signers or {}) do
        credential("签名", "signer", signer, signer.id, signer.algorithm,
                   table.concat(signer.schemes, " "))
    end
    for _, certificate in ipairs(app.certificates or {}) do
        credential("证书", "certificate", certificate,
                   certificate.sha256 or certificate.subject)
    end
end


local function list()
    local after = ""
    while after do
        local page = admin.ask(gate, "GET", "apps?after="
                               .. admin.escape(after), nil, 200)
        for _, app in ipairs(page.apps) do
            print(("%-24s %-9s %d keys  %d signers  %d certificates  %s")
                  :format(app.name, app.enabled == false and "disabled" or "",
                          #(app.keys or {}), #(app.signers or {}),
                          #(app.certificates or {}), app.title or ""))
        end
        after = page.next
    end
end


local function once(zh, en, secret)
    io.stderr:write(zh, "，只显示这一次\n", en, ", shown this once\n")
    print(secret)
end


local function path(name, ...)
    if not name or name:sub(1, 2) == "--" then
        usage()
    end
    local segments = { "apps", admin.escape(name) }
    for _, segment in ipairs { ... } do
        table.insert(segments, admin.escape(segment))
    end
    return table.concat(segments, "/")
end


local function switch(enabled)
    return function(words)
        admin.ask(gate, "PATCH", path(words[3]), { enabled = enabled }, 200)
        print("好 done")
    end
end


local function remove(part)
    return function(words)
        if part and not words[5] then
            usage()
        end
        admin.ask(gate, "DELETE", part and path(words[4], part, words[5])
                                  or path(words[3]), nil, 204)
        print("好 done")
    end
end


local COMMANDS = {
    list = list,
    disable = switch(false), enable = switch(true), delete = remove(),
    ["key revoke"] = remove("keys"),
    ["secret remove"] = remove("signers"),
    ["certificate remove"] = remove("certificates"),
}

function COMMANDS.create(words)
    path(words[3])
    local body = body_of(words, 4, RECORD)
    body.name = words[3]
    show(admin.ask(gate, "POST", "apps", body, 201))
end

function COMMANDS.set(words)
    show(admin.ask(gate, "PATCH", path(words[3]), body_of(words, 4, RECORD), 200))
end

function COMMANDS.show(words)
    show(admin.ask(gate, "GET", path(words[3]), nil, 200))
end

COMMANDS["key add"] = function(words)
    local made = admin.ask(gate, "POST", path(words[4], "keys"),
                           body_of(words, 5, KEY), 201)
    once("密钥 " .. made.id, "key " .. made.id, made.key)
end

COMMANDS["secret add"] = function(words)
    local made = admin.ask(gate, "POST", path(words[4], "signers"),
                           body_of(words, 5, SECRET), 201)
    if made.secret then
        once("签名密钥 " .. made.id, "signer " .. made.id, made.secret)
    else
        print(made.id)
    end
end

COMMANDS["certificate add"] = function(words)
    admin.ask(gate, "POST", path(words[4], "certificates"),
              body_of(words, 5, CERTIFICATE), 201)
    print("好 done")
end


local run = COMMANDS[arg[2] or ""]
            or COMMANDS[(arg[2] or "") .. " " .. (arg[3] or "")]
if not run then
    usage()
end
run(arg)
