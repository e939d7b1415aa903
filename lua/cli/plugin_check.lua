-- Copyright (C) Civic Gate
--
-- civic plugin check: what can be said of a folder without the gate: its
-- manifest, what it needs against what its department is allowed, the
-- syntax of its Lua.  It runs nothing of the plugin.

local command = require "command"
local json = require "cjson.safe"

local quote, read = command.quote, command.read


-- grants as they are asked for and given: "store", "http=his" ...

local function granted(allow, want)
    local kind, name = want:match("^(%l+)=(.+)$")
    for _, word in ipairs(allow) do
        local list = kind and word:match("^" .. kind .. "=(.+)$")
        if word == want or kind == "data" and list and list >= name then
            return true
        end
        for item in (list or ""):gmatch("[^,]+") do
            if item == name then
                return true
            end
        end
    end
    return false
end


local function check_grants(p, manifest, say)
    local needs = type(manifest.needs) == "table" and manifest.needs or {}
    local wants = {}
    for _, word in ipairs({ "store", "scripts" }) do
        if needs[word] == true then
            wants[#wants + 1] = word
        end
    end
    for _, kind in ipairs({ "http", "calls", "claims" }) do
        for _, name in ipairs(type(needs[kind]) == "table" and needs[kind] or {}) do
            wants[#wants + 1] = kind .. "=" .. tostring(name):match("^[^:]*")
        end
    end
    if type(needs.data) == "string" then
        wants[#wants + 1] = "data=" .. needs.data
    end

    for _, want in ipairs(wants) do
        if not granted(p.department.allow, want) then
            say("/needs: civic_department %s would have to say \"allow %s;\"",
                p.department.name, want)
        end
    end

    for _, prefix in ipairs(type(manifest.prefix) == "table" and manifest.prefix or {}) do
        local within = false
        for _, own in ipairs(p.department.prefix) do
            within = within or prefix == own or prefix:sub(1, #own + 1) == own .. "/"
        end
        if not within then
            say("/prefix: civic_department %s would have to say \"prefix %s;\"",
                p.department.name, prefix)
        end
    end
end


local function check_lua(folder, say)
    local pipe = assert(io.popen("cd " .. quote(folder)
                                 .. " && find . -name '*.lua' | sort"))
    for file in pipe:lines() do
        file = file:sub(3)
        local chunk, err = load(read(folder .. "/" .. file) or "", "@" .. file, "t")
        if not chunk then
            say("%s", err)
        end
    end
    pipe:close()
    if not read(folder .. "/plugin.lua") then
        say("plugin.lua is missing")
    end
end


-- `say` is called with each sentence; `root` is where build/ lies

return function(root, p, say)
    local pipe = assert(io.popen(quote(root .. "/build/plugin-manifest") .. " "
                                 .. quote(p.folder) .. " 2>&1 >/dev/null"))
    for line in pipe:lines() do
        say("%s", line)
    end
    pipe:close()

    local manifest = json.decode(read(p.folder .. "/manifest.json") or "")
    if type(manifest) == "table" then
        check_grants(p, manifest, say)
    end
    check_lua(p.folder, say)
end
