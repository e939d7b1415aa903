-- The functions that manifest.json names.  A table that is returned becomes
-- JSON; see docs for what `civic` offers.

local M = {}


function M.hello(request)
    return 200, { hello = request.params.name }
end


return M
