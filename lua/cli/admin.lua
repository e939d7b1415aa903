-- Copyright (C) Civic Gate
--
-- How commands talk to the administrators' API of the running gate.  It
-- decides nothing: what cannot be, the gate says.

local command = require "command"
local json = require "cjson.safe"

local quote = command.quote

local admin = {}


-- a segment of a path, or the value of an argument

function admin.escape(text)
    return (text:gsub("[^%w._~-]", function(byte)
        return ("%%%02X"):format(byte:byte())
    end))
end


-- status and decoded body.  What is sent goes through a file that only its
-- owner reads: the words of a command are for all to see.

local function exchange(url, method, body)
    local words = { "curl -s -m 10 -w '\\n%{http_code}' -X", method,
                    "-H 'Accept-Language: en'", quote(url) }
    local sent
    if body then
        sent = os.tmpname()
        os.execute("chmod 600 " .. quote(sent))
        local file = assert(io.open(sent, "wb"))
        file:write(json.encode(body))
        file:close()
        table.insert(words, "-H 'Content-Type: application/json'")
        table.insert(words, "--data-binary @" .. quote(sent))
    end

    local pipe = assert(io.popen(table.concat(words, " ")))
    local text = pipe:read("*a")
    pipe:close()
    if sent then
        os.remove(sent)
    end

    local answer, status = text:match("^(.*)\n(%d+)$")
    return tonumber(status or 0), json.decode(answer or "")
end


-- the answer, if its status is the one that is wanted; else the end

function admin.ask(gate, method, path, body, wanted)
    local status, answer = exchange(gate .. "/admin/" .. path, method, body)

    if status == wanted then
        return answer
    elseif status == 0 then
        command.fail("网关没有应答: " .. gate,
                     "the gate does not answer: " .. gate)
    end

    local detail = type(answer) == "table"
                   and (answer.detail or answer.title) or "?"
    command.fail("网关拒绝 (" .. status .. "): " .. detail,
                 "the gate refuses (" .. status .. "): " .. detail)
end


return admin
