-- Copyright (C) Civic Gate
--
-- civic.log: lines in the gate's log, marked with the plugin and the trace.
-- They are bounded in length and number; what does not fit is dropped there,
-- never an error here.

local _, native = ...

local operation = native.operation
local tostring = tostring

local log = {}


local function writer(level)
    return function(message)
        operation("log", level, tostring(message))
    end
end


-- log.LEVEL(message): anything that tostring can show

log.debug = writer("debug")
log.info = writer("info")
log.warn = writer("warn")
log.error = writer("error")

return log
