-- Copyright (C) Civic Gate
--
-- The Redis of a spec, over its socket: plain commands, and timers written
-- as the host keeps them.

local unix = require "socket.unix"

local _M = {}

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


return _M
