-- Copyright (C) Civic Gate
--
-- The Redis of a spec, over its socket: plain commands, and timers written
-- as the host keeps them.

local json = require "cjson.safe"
local socket = require "socket"
local unix = require "socket.unix"

local _M = {}

local PATIENCE = 20                     -- seconds

local connection


local function open()
    local sock = unix()
    assert(sock:connect(os.getenv("CIVIC_SPEC") .. "/redis.sock"))
    return sock
end


local function reply(sock)
    local line = assert(sock:receive("*l"))
    local kind, rest = line:sub(1, 1), line:sub(2)

    if kind == "-" then
        error("Redis: " .. rest, 0)
    elseif kind == ":" then
        return tonumber(rest)
    elseif kind == "$" then
        local length = tonumber(rest)
        return length >= 0 and assert(sock:receive(length + 2)):sub(1, -3) or nil
    elseif kind == "*" then
        local list = {}
        for i = 1, tonumber(rest) do
            list[i] = reply(sock) or false
        end
        return list
    end
    return rest
end


function _M.command(...)
    connection = connection or open()

    local words = { "*" .. select("#", ...) }
    for _, word in ipairs { ... } do
        word = tostring(word)
        words[#words + 1] = "$" .. #word
        words[#words + 1] = word
    end
    assert(connection:send(table.concat(words, "\r\n") .. "\r\n"))
    return reply(connection)
end


local function source(name)
    local file = assert(io.open(os.getenv("CIVIC_ROOT") .. "/lua/redis/" .. name .. ".lua"))
    local text = file:read("*a")
    file:close()
    return text
end


-- a timer that was due long ago, and the end of it

function _M.run_timer(plugin, name, data)
    local keys = {}
    for i, part in ipairs { "due", "work", "state", "failed" } do
        keys[i] = ("civic:timers:{%s}:%s"):format(plugin, part)
    end

    _M.command("EVAL", source("timers_at"), 3, keys[1], keys[2], keys[3],
               "spec", 1, name, data and json.encode(data) or "", 1000000)

    local deadline = socket.gettime() + PATIENCE
    while _M.command("ZSCORE", keys[1], "spec") do
        local state = _M.command("HGET", keys[3], "t:spec") or ""
        local attempts = tonumber(state:match("^%d+ (%d+)"))
        assert((attempts or 0) < 2, name .. " failed: see the gate's log")
        assert(socket.gettime() < deadline, name .. " did not run")
        socket.sleep(0.02)
    end
end


return _M
