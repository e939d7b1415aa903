-- Copyright (C) Civic Gate
--
-- civic.http(remote, request): one HTTP exchange with a remote that the
-- operator declared and the manifest asks for ("needs": { "http": [...] }).
-- Certificates are verified; the remote's own limits and deadlines hold.
--
-- request: all of it optional
--     method   "GET"
--     path     below the remote's URL
--     query    table of names and strings
--     headers  table of names and strings
--     body     a table is sent as JSON, a string as it is
--     timeout  seconds, at most what the operator allows
--
-- Gives { status, headers, body }: names of headers in lower case; body is
-- what JSON says if that is what the remote sent (raw: its text), else a
-- string.  Any status is an answer.  Where there is none: nil and a code, such
-- as "timeout", "unreachable", or "malformed" for JSON that is none.

local _, native = ...

local operation, fail = native.operation, native.fail
local decode = native.json.decode
local type = type


local function is_json(headers)
    local kind = type(headers) == "table" and headers["content-type"]
    if type(kind) ~= "string" then
        return false
    end
    kind = kind:lower():match("^%s*([^;%s]+)")
    return kind == "application/json" or (kind and kind:find("%+json$") ~= nil)
end


return function(remote, request)
    if type(remote) ~= "string" then
        fail("civic.http takes the name of a remote")
    end

    local answer, code = operation("http.request", remote, request or {})
    if answer == nil then
        return nil, code
    end

    if type(answer.body) == "string" and answer.body ~= "" and is_json(answer.headers) then
        local body = decode(answer.body)
        if body == nil then
            return nil, "malformed"
        end
        answer.raw = answer.body
        answer.body = body
    end

    return answer
end
