-- Copyright (C) Civic Gate
--
-- What is in every plugin's environment and is better written in Lua.  It is
-- run once, before the plugin's own files; nobody can require it.
--
-- table.sort is here so that it is counted like all Lua, can be ended in the
-- middle, and cannot be made quadratic.
--
-- xpcall is here because LuaJIT's would call the handler inside the hook that
-- ends a run, where no hook could end the handler.  This one calls it when the
-- stack has been unwound.

local _, native = ...

local globals = native.globals
local park = native.operation
local fail = native.fail
local open = native.open
local next, type, select = globals.next, globals.type, globals.select
local error, pcall = globals.error, globals.pcall


-- what an operation gives: first what it raises, nil as a rule
local function answer(raised, ...)
    if raised == nil then
        return ...
    end
    if type(raised) == "string" then
        fail(raised)
    end
    error(raised, 0)
end


-- the run waits here until the host has carried it out
function native.operation(name, ...)
    return answer(park(name, ...))
end


local function handled(handler, ok, ...)
    if ok then
        return true, ...
    end
    return false, select(2, pcall(handler, ...))
end


function globals.xpcall(f, handler, ...)
    return handled(handler, pcall(f, ...))
end


-- merges the sorted t[from .. middle - 1] and t[middle .. to] into room
local function merge(t, room, from, middle, to, before)
    local i, j = from, middle
    for k = from, to do
        local left, right = t[i], t[j]
        if j > to or (i < middle and not before(right, left)) then
            room[k] = left
            i = i + 1
        else
            room[k] = right
            j = j + 1
        end
    end
end


local function less(a, b)
    return a < b
end


-- table.sort(t, before): as Lua's, and equal items keep their order
function globals.table.sort(t, before)
    if type(t) ~= "table" then
        fail("table.sort takes a table")
    end
    before = before or less
    local n, width, from_t, to_t = #t, 1, t, {}
    while width < n do
        for from = 1, n, 2 * width do
            local middle = from + width
            local to = middle + width - 1
            if middle > n then
                middle = n + 1
            end
            merge(from_t, to_t, from, middle, to < n and to or n, before)
        end
        from_t, to_t = to_t, from_t
        width = 2 * width
    end
    if from_t ~= t then
        for i = 1, n do
            t[i] = from_t[i]
        end
    end
end


-- pairs and ipairs know what is read-only; the table behind it stays hidden

function globals.pairs(t)
    local inner = open(t)
    if not inner then
        if type(t) ~= "table" then
            fail("pairs takes a table, not a " .. type(t))
        end
        return next, t, nil
    end
    return function(_, key)
        return next(inner, key)
    end, t, nil
end


local function following(t, i)
    i = i + 1
    local value = t[i]
    if value ~= nil then
        return i, value
    end
end


function globals.ipairs(t)
    if type(t) ~= "table" and not open(t) then
        fail("ipairs takes a table, not a " .. type(t))
    end
    return following, t, 0
end


local civic = {
    config = native.config,
}


-- ends the run with a problem that the manifest names, unless pcall catches it
--
-- code: its name in "problems".  fields: plain values for the answer, or nil.
function civic.problem(code, fields)
    error(native.problem(code, fields), 0)
end


-- the rest is loaded when it is first used
globals.setmetatable(civic, {
    __index = function(t, name)
        if type(name) ~= "string" then
            return nil
        end
        local found = native.module("civic." .. name)
        t[name] = found
        return found
    end,
})

globals.civic = native.readonly(civic)
