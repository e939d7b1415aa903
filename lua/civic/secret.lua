-- Copyright (C) Civic Gate
--
-- civic.secret(name): what the operator put into the file of "secret NAME
-- file=..." in the department's block, a string without its last line end.

local _, native = ...

local operation, fail = native.operation, native.fail
local type = type


return function(name)
    if type(name) ~= "string" then
        fail("civic.secret takes the name of a secret")
    end
    return operation("secret", name)
end
