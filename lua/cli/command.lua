-- Copyright (C) Civic Gate
--
-- What commands have in common: their words, files that they are given, and
-- how they end when something cannot be.

local command = {}


function command.fail(zh, en)
    io.stderr:write(zh, "\n", en, "\n")
    os.exit(1)
end


-- one word of a shell

function command.quote(text)
    return "'" .. text:gsub("'", "'\\''") .. "'"
end


-- the whole file, or nil

function command.read(path)
    local file = io.open(path, "rb")
    local text = file and file:read("*a")
    if file then
        file:close()
    end
    return text
end


-- the whole file, or its first bytes, or the end; "-": standard input

function command.contents(path, length)
    local file = path == "-" and io.stdin or io.open(path, "rb")
    local text = file and file:read(length or "*a")
    if not text then
        command.fail("无法读取 " .. path, "cannot read " .. path)
    end
    file:close()
    return text
end


-- "--name=value", or "--name" and "value", at words[i]: the name, the value
-- (which may be ""), where the next one is

function command.option(words, i, known)
    local name, value = words[i]:match("^%-%-([%w-]+)=?(.*)$")
    if not known[name] then
        command.fail("未知选项: " .. words[i], "no such option: " .. words[i])
    end
    if not words[i]:find("=", 1, true) then
        i = i + 1
        value = words[i]
    end
    if not value then
        command.missing(name)
    end
    return name, value, i + 1
end


function command.missing(name)
    command.fail("选项缺少值: --" .. name, "--" .. name .. " wants a value")
end


return command
