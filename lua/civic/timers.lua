-- Copyright (C) Civic Gate
--
-- civic.timers: a function of this plugin, run later.  Timers are kept in
-- Redis: they survive restarts, are run by one worker of all, and at least
-- once, so the function must bear to be run again.

local _, native = ...

local operation, fail = native.operation, native.fail
local type = type

local timers = {}


-- id: string; a timer of the same id is replaced.  time: seconds, as
-- civic.time.now() counts.  name: of a function that plugin.lua returns, called
-- with data (plain values) and { id, fence, due }: fence is a string of digits
-- that grows with every run, due the time that was asked for.
function timers.at(id, time, name, data)
    if type(id) ~= "string" or type(time) ~= "number" or type(name) ~= "string" then
        fail("timers.at takes an id, a time in seconds and the name of a function")
    end
    return operation("timers.at", id, time, name, data)
end


-- gives true if there was one
function timers.cancel(id)
    if type(id) ~= "string" then
        fail("timers.cancel takes an id")
    end
    return operation("timers.cancel", id)
end

return timers
