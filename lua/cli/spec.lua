-- Copyright (C) Civic Gate
--
-- civic plugin test: writes the gate that a plugin's specs run against: the
-- plugin alone, with all that its manifest needs granted, and stubs in place
-- of remotes and other plugins.  ./civic starts and stops it.
--
--     luajit spec.lua write FOLDER DEPARTMENT/NAME PORT MODULE USER
--         FOLDER holds plugins/DEPARTMENT/NAME/; the rest is written there
--     luajit spec.lua await DEPARTMENT/NAME PORT
--         until the plugin is live; fails with the gate's reason

local HERE = arg[0]:match("^(.-)[^/]*$")
package.path = HERE .. "?.lua;" .. HERE .. "../spec/?.lua;" .. package.path

local command = require "command"
local http = require "civic.spec.http"
local json = require "cjson.safe"
local mime = require "mime"
local socket = require "socket"

local fail, read = command.fail, command.contents

local KEY = "a key for specs only, of 32 bytes"
local PATIENCE = 10                     -- seconds

local NGINX = [[
load_module {module};
{user}
worker_processes 2;
daemon on;
pid nginx.pid;
error_log error.log notice;
events { worker_connections 1024; }

http {
    access_log off;
    client_body_temp_path tmp/body;
    proxy_temp_path tmp/proxy;
    fastcgi_temp_path tmp/fastcgi;
    uwsgi_temp_path tmp/uwsgi;
    scgi_temp_path tmp/scgi;

    civic_zone 8m;
    civic_state state;
    civic_clock_file clock;
    civic_redis spec { server unix:{folder}/redis.sock; timeout 1s; }

{blocks}
    server {
        listen 127.0.0.1:{port};
        civic_auth off;
        location @plugins { civic_mount {department}; }
        location = /civic-spec/status { civic_status full; }
    }

    server {
        listen unix:{folder}/stub.sock;
        civic_auth off;
        location @plugins { civic_mount stub; }
    }
}
]]

local ISSUER = [[
    civic_issuer {name} {
        issuer https://spec.example/{name};
        audience spec;
        keys keys.jwks.json;
        algorithms HS256;
    }
]]

local POLICY = [[
    civic_limit_policy {name} key=$remote_addr rate=100000r/s burst=100000;
]]

local REMOTE = [[
    civic_remote {name} { url http://unix:{folder}/stub.sock:/{name}; }
]]

local DEPARTMENT = [[
    civic_department {name} {
        path {folder}/plugins/{name};
        prefix {prefix};
        {allow}
    }
]]


local function fill(template, values)
    return (template:gsub("{(%l+)}", values))
end


local function write(path, text)
    local file = assert(io.open(path, "wb"))
    file:write(text)
    file:close()
end


local function base64url(bytes)
    return (mime.b64(bytes):gsub("[+/=]", { ["+"] = "-", ["/"] = "_", ["="] = "" }))
end


-- the names that the routes mention, each once

local function mentioned(manifest, member)
    local names, seen = {}, { public = true, plugins = true, optional = true }
    for _, route in pairs(manifest.routes or {}) do
        for _, name in ipairs(route[member] or {}) do
            if not seen[name] then
                seen[name] = true
                table.insert(names, name)
            end
        end
    end
    table.sort(names)
    return names
end


-- a department is what its plugins here need, and no more

local function department(all, name)
    if not all[name] then
        all[name] = { prefix = {}, allow = {}, calls = {} }
    end
    return all[name]
end


local function grant(entry, manifest)
    local needs = manifest.needs or {}

    for _, prefix in ipairs(manifest.prefix) do
        table.insert(entry.prefix, prefix)
    end
    for _, word in ipairs { "store", "scripts" } do
        entry.allow[word] = entry.allow[word] or needs[word] and word
    end
    for _, word in ipairs { "http", "claims" } do
        if needs[word] and needs[word][1] then
            entry.allow[word] = word .. "=" .. table.concat(needs[word], ",")
        end
    end
    for _, target in ipairs(needs.calls or {}) do
        entry.calls[target:match("^[^:]+")] = true
    end
    entry.allow.data = entry.allow.data or needs.data and "data=" .. needs.data
end


local function department_block(folder, name, entry)
    local words, calls = {}, {}
    for _, word in pairs(entry.allow) do
        if word then
            table.insert(words, word)
        end
    end
    for called in pairs(entry.calls) do
        table.insert(calls, called)
    end
    if calls[1] then
        table.insert(words, "calls=" .. table.concat(calls, ","))
    end
    local allow = words[1] and "allow " .. table.concat(words, " ") .. ";" or ""
    return fill(DEPARTMENT, { name = name, folder = folder, allow = allow,
                              prefix = table.concat(entry.prefix, " ") })
end


-- a plugin that answers what the spec told it to, and notes what it was asked

local function write_stub(folder, all, name, prefix, routes)
    local path = folder .. "/plugins/" .. name
    local manifest = { title = { zh = "测试替身", en = "A stub of specs" },
                       version = "1.0.0", prefix = prefix,
                       needs = { store = true }, routes = routes }

    grant(department(all, name:match("^[^/]+")), manifest)
    assert(os.execute("mkdir -p '" .. path .. "'"))
    write(path .. "/manifest.json", json.encode(manifest))
    write(path .. "/plugin.lua", read(HERE .. "../spec/stub.lua"))
end


local function stub_remotes(folder, all, names)
    local prefix, routes = {}, {}
    for _, name in ipairs(names) do
        table.insert(prefix, "/" .. name)
        for _, method in ipairs { "GET", "POST", "PUT", "PATCH", "DELETE" } do
            routes[("%s /%s/{rest...}"):format(method, name)] = {
                auth = { "public" }, run = "answer",
                body = method ~= "GET" and method ~= "DELETE" and "raw" or nil,
            }
        end
    end
    write_stub(folder, all, "stub/remotes", prefix, routes)
end


local function stub_plugins(folder, all, targets)
    local stubs = {}
    for _, target in ipairs(targets) do
        local name, key = target:match("^([^:]+):(.+)$")
        stubs[name] = stubs[name] or {}
        stubs[name][key] = { auth = { "plugins" }, run = "answer" }
    end
    for name, routes in pairs(stubs) do
        write_stub(folder, all, name, { "/stub/" .. name }, routes)
    end
end


local function write_gate(folder, plugin, port, module, user)
    local text = read(("%s/plugins/%s/manifest.json"):format(folder, plugin))
    local manifest, err = json.decode(text)
    if not manifest then
        fail("manifest.json 不是 JSON: " .. err, "manifest.json is not JSON: " .. err)
    end

    local needs = manifest.needs or {}
    local all, blocks = {}, {}
    local home = plugin:match("^[^/]+")

    grant(department(all, home), manifest)
    stub_remotes(folder, all, needs.http or { "nobody" })
    stub_plugins(folder, all, needs.calls or {})

    local function add(template, names)
        for _, name in ipairs(names) do
            table.insert(blocks, fill(template, { name = name, folder = folder }))
        end
    end
    local issuers = mentioned(manifest, "auth")
    add(ISSUER, issuers[1] and issuers or { "citizens" })
    add(POLICY, mentioned(manifest, "limit"))
    add(REMOTE, needs.http or {})
    for name, entry in pairs(all) do
        table.insert(blocks, department_block(folder, name, entry))
    end

    write(folder .. "/clock", "0\n")
    write(folder .. "/keys.jwks.json", json.encode { keys = { {
        kty = "oct", alg = "HS256", kid = "spec", k = base64url(KEY) } } })
    write(folder .. "/nginx.conf", fill(NGINX, {
        module = module, user = user ~= "" and "user " .. user .. ";" or "",
        folder = folder, port = port, department = home,
        blocks = table.concat(blocks) }))
end


local function state_of(port, plugin)
    local status = http.request(port, "GET", "/civic-spec/status", {})
    local page = json.decode(status.raw) or {}
    for _, entry in ipairs(page.plugins or {}) do
        if entry.name == plugin then
            return entry
        end
    end
    return {}
end


local function await(plugin, port)
    local deadline = socket.gettime() + PATIENCE
    while true do
        local entry = state_of(port, plugin)
        if entry.state == "ready" then
            return
        end
        if entry.reason and entry.reason ~= "" or socket.gettime() > deadline then
            fail("插件没有上线: " .. (entry.reason or "?"),
                 "the plugin did not go live: " .. (entry.reason or "?"))
        end
        socket.sleep(0.02)
    end
end


if arg[1] == "write" then
    write_gate(arg[2], arg[3], arg[4], arg[5], arg[6])
else
    await(arg[2], tonumber(arg[3]))
end
