-- Copyright (C) Civic Gate
--
-- civic.call(target, request): a route of another plugin, run in that plugin's
-- own VM, with this plugin as the caller.
--
-- target: "data/pay:POST /orders", as in the manifest ("needs": { "calls" }).
-- request, all of it optional: params (of the path), query, body, once (an
-- idempotency key: the same one gets the first answer again).
--
-- Gives { status, body, headers }; an error status is an answer as well.

local _, native = ...

local operation, fail = native.operation, native.fail
local type = type


return function(target, request)
    if type(target) ~= "string" then
        fail("civic.call takes \"DEPARTMENT/NAME:METHOD /path\"")
    end
    return operation("call", target, request or {})
end
