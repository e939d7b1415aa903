-- Copyright (C) Civic Gate
--
-- return civic.forward(remote, request): the gate sends the request to the
-- remote and streams what comes back to the client.  It ends the handler:
-- nothing after it is run.
--
-- request, all of it optional: path, method, headers, body (see civic.http).

local _, native = ...

local operation, fail = native.operation, native.fail
local type = type


return function(remote, request)
    if type(remote) ~= "string" then
        fail("civic.forward takes the name of a remote")
    end
    return operation("forward", remote, request or {})
end
