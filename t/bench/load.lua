-- Copyright (C) Civic Gate
--
-- What wrk sends: the lines of a file, "METHOD PATH" or "METHOD PATH TOKEN",
-- one after the other, over and over, from the one whose number is given.
-- A token that begins with "cg_" is an API key.
-- All are formatted before the first is sent, so that making them costs
-- nothing while the clock runs.

local requests, last = {}, 0


function init(arguments)
    for line in io.lines(arguments[1]) do
        local method, path, token = line:match("^(%S+) (%S+) ?(%S*)$")
        local headers = {}
        if token ~= "" then
            local scheme = token:match("^cg_") and "Apikey " or "Bearer "
            headers["Authorization"] = scheme .. token
        end
        local body = method ~= "GET" and "" or nil
        table.insert(requests, wrk.format(method, path, headers, body))
    end
    last = tonumber(arguments[2]) % #requests
end


function request()
    last = last % #requests + 1
    return requests[last]
end


-- "bench REQUESTS MICROSECONDS ERRORS"; an error is a status above 399, too

function done(summary)
    local errors = summary.errors
    io.write(("bench %d %d %d\n"):format(summary.requests, summary.duration,
             errors.connect + errors.read + errors.write + errors.status
             + errors.timeout))
end
