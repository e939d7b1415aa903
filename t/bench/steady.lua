-- Copyright (C) Civic Gate
--
-- As load.lua, at a steady rate: each connection waits between requests.
-- Prints how long answers took.
--
--     steady.lua FILE MILLISECONDS      between two requests of a connection

local requests, last, pause = {}, 0, 0


function init(arguments)
    for line in io.lines(arguments[1]) do
        local method, path, token = line:match("^(%S+) (%S+) ?(%S*)$")
        local headers = {}
        if token ~= "" then
            headers["Authorization"] = "Bearer " .. token
        end
        table.insert(requests, wrk.format(method, path, headers))
    end
    pause = tonumber(arguments[2])
end


function request()
    last = last % #requests + 1
    return requests[last]
end


function delay()
    return pause
end


-- "bench REQUESTS MICROSECONDS REFUSED p50 p99", the last two in us

function done(summary, latency)
    io.write(("bench %d %d %d %d %d\n"):format(summary.requests,
             summary.duration, summary.errors.status,
             latency:percentile(50), latency:percentile(99)))
end
