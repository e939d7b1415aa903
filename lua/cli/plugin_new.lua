-- Copyright (C) Civic Gate
--
-- civic plugin new: what a new plugin's files say.  It gives texts by name
-- and writes nothing.


local MANIFEST = [[
{
    "title": { "zh": "%s", "en": "%s" },
    "version": "0.1.0",
    "prefix": [ "%s" ],
    "routes": {
        "GET /hello/{name}": {
            "title": { "zh": "问好", "en": "Says hello" },
            "auth": [ "public" ],
            "run": "hello"
        }
    }
}
]]

local PLUGIN = [[
-- The functions that manifest.json names.  A table that is returned becomes
-- JSON; see docs for what `civic` offers.

local M = {}


function M.hello(request)
    return 200, { hello = request.params.name }
end


return M
]]

local SPEC = [[
-- ./civic plugin test %s

local test = require "civic.test"


describe("%s", function()
    it("says hello to whoever is named", function()
        local anyone = test.gate():anyone()
        local answer = anyone:get("%s/hello/li")
        assert.are.equal(200, answer.status)
        assert.are.equal("li", answer.body.hello)
    end)
end)
]]

local README = [[
# %s

中文：这个插件做什么，有哪些路由，规则依据是什么。

English: what this plugin does, which routes it has, where its rules come
from.

| 路由 route | 用途 purpose |
| --- | --- |
| `GET %s/hello/{name}` | 问好 says hello |

    curl %s%s/hello/li
]]


-- of a plugin DEPARTMENT/NAME below `prefix`, on the gate at `gate`

return function(full, name, prefix, gate)
    return {
        ["manifest.json"] = MANIFEST:format(name, name, prefix),
        ["plugin.lua"] = PLUGIN,
        ["spec/" .. name .. "_spec.lua"] = SPEC:format(full, full, prefix),
        ["README.md"] = README:format(full, prefix, gate, prefix),
    }
end
