-- Copyright (C) Civic Gate
--
-- HTTP/1.1 to the gate of a spec, one connection a request.  Within
-- parallel() a request that waits lets the others go on.

local socket = require "socket"

local _M = {}

local PATIENCE = 20                     -- seconds

local together = false                  -- parallel() is at work


local function wait(sock, writing)
    if together then
        coroutine.yield(sock, writing)
        return
    end
    local list = { sock }
    socket.select(not writing and list or nil, writing and list or nil, PATIENCE)
end


local function connect(port)
    local sock = socket.tcp()
    sock:settimeout(0)
    local done, err = sock:connect("127.0.0.1", port)
    while not done and err == "timeout" do
        wait(sock, true)
        done, err = sock:connect("127.0.0.1", port)
        if err == "already connected" then
            done = true
        end
    end
    return assert(done and sock, err)
end


local function send(sock, text)
    local from = 1
    while from <= #text do
        local last, err, partial = sock:send(text, from)
        if not last and err ~= "timeout" then
            return
        end
        from = (last or partial) + 1
        if from <= #text then
            wait(sock, true)
        end
    end
end


local function receive(sock)
    local parts = {}
    local deadline = socket.gettime() + PATIENCE
    while true do
        local all, err, partial = sock:receive("*a")
        parts[#parts + 1] = all or partial
        if err ~= "timeout" then
            return table.concat(parts)
        end
        assert(socket.gettime() < deadline, "the gate did not answer")
        wait(sock, false)
    end
end


local function unchunk(text)
    local parts, at = {}, 1
    while true do
        local digits, from = text:match("^(%x+)[^\r\n]*\r\n()", at)
        local length = digits and tonumber(digits, 16) or 0
        if length == 0 then
            return table.concat(parts)
        end
        parts[#parts + 1] = text:sub(from, from + length - 1)
        at = from + length + 2
    end
end


local function parse(text)
    local status, head, raw = text:match("^HTTP/1%.%d (%d+)[^\r\n]*\r\n(.-\r\n)\r\n(.*)$")
    assert(status, "no answer: " .. text:sub(1, 80))

    local headers = {}
    for name, value in head:gmatch("([^:\r\n]+): *([^\r\n]*)\r\n") do
        name = name:lower()
        headers[name] = headers[name] and headers[name] .. ", " .. value or value
    end
    if headers["transfer-encoding"] == "chunked" then
        raw = unchunk(raw)
    end
    return { status = tonumber(status), headers = headers, raw = raw }
end


function _M.request(port, method, path, headers, body)
    local lines = { ("%s %s HTTP/1.1"):format(method, path),
                    "Host: 127.0.0.1:" .. port, "Connection: close" }
    if body then
        lines[#lines + 1] = "Content-Length: " .. #body
    end
    for name, value in pairs(headers) do
        lines[#lines + 1] = name .. ": " .. value
    end

    local sock = connect(port)
    send(sock, table.concat(lines, "\r\n") .. "\r\n\r\n" .. (body or ""))
    local text = receive(sock)
    sock:close()
    return parse(text)
end


-- one turn of every thread whose socket is ready; returns how many are left

local function turn(threads)
    local reading, writing = {}, {}
    for sock, thread in pairs(threads) do
        table.insert(thread.writing and writing or reading, sock)
    end

    local readable, writable, err = socket.select(reading, writing, PATIENCE)
    assert(not err, "the gate did not answer")

    for _, list in ipairs { readable, writable } do
        for _, sock in ipairs(list) do
            local thread = threads[sock]
            threads[sock] = nil
            thread.step(thread)
        end
    end
end


function _M.parallel(n, fn)
    local results, threads = {}, {}

    local function step(thread)
        local ok, sock, writes = coroutine.resume(thread.run, thread.index)
        assert(ok, sock)
        if coroutine.status(thread.run) == "dead" then
            results[thread.index] = sock
        else
            thread.writing = writes
            threads[sock] = thread
        end
    end

    together = true
    for i = 1, n do
        step { run = coroutine.create(fn), index = i, step = step }
    end
    while next(threads) do
        turn(threads)
    end
    together = false
    return results
end


return _M
