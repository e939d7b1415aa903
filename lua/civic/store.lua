-- Copyright (C) Civic Gate
--
-- civic.store: the plugin's own data in Redis.  All that belongs together is
-- an aggregate, one name; its parts are keys of Redis that are only ever seen
-- through it, so that a script may change several of them at once.
--
--     local slot = civic.store.at("slot:42")
--     slot:hset("who", "a", 1)
--     local taken = slot:get("taken")
--
-- A command's name is that of Redis in lower case, its arguments are those of
-- Redis, and where Redis wants a key there stands a part.  The gate says which
-- commands there are.  What Redis refuses is a Lua error; while Redis cannot be
-- reached, the problem "store-unavailable" is raised.

local _, native = ...

local operation, fail = native.operation, native.fail
local type, select = type, select

local methods = {}


-- s:run(script, keys, args, options): a script that changes all it changes at
-- once.  keys: list of parts; args: list of strings and numbers, or nil;
-- options: { durable = true } waits until the write is on other servers too.
-- Gives what the script returns.
function methods:run(script, keys, args, options)
    if type(script) ~= "string" then
        fail("run takes the name of a script")
    end
    return operation("store.run", self.name, script, keys or {}, args or {}, options)
end


-- s:command(name, args, options): any command, with options as those of run
function methods:command(name, args, options)
    return operation("store.command", self.name, name, args or {}, options)
end


local function command(name)
    return function(self, ...)
        local args = { ... }
        for i = 1, select("#", ...) do
            if args[i] == nil then
                fail(name .. ": argument " .. i .. " is nil")
            end
        end
        return operation("store.command", self.name, name, args)
    end
end


local aggregate = {
    __metatable = false,
    __index = function(_, name)
        local method = methods[name]
        if method == nil and type(name) == "string" then
            method = command(name)
            methods[name] = method
        end
        return method
    end,
}

local store = {}


-- store.at(name): the aggregate of that name; nothing is read yet
function store.at(name)
    if type(name) ~= "string" or name == "" then
        fail("store.at takes the name of an aggregate")
    end
    return setmetatable({ name = name }, aggregate)
end

return store
