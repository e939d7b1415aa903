-- Copyright (C) Civic Gate
--
-- civic.metric(name, value): adds value, a whole number (1 if there is none), to
-- the counter of that name, seen in the gate's metrics with plugin and name as
-- labels.  A plugin has at most 16 of them.

local _, native = ...

local operation, fail = native.operation, native.fail
local type = type


return function(name, value)
    if type(name) ~= "string" or (value ~= nil and type(value) ~= "number") then
        fail("civic.metric takes a name and a number")
    end
    operation("metric", name, value or 1)
end
