-- Copyright (C) Civic Gate
--
-- A plugin without a gate: its functions run in this process, its store is a
-- real Redis on a Unix socket, its clock is a number.  What no gate can be
-- made to do reliably is easy here: to be cut off at any one operation.
--
--     local harness = require "harness"
--     local plugin = harness.plugin("health/booking", socket)
--     local r = plugin:call("zhang", "book", { body = { slot = "..." } })
--         { status, body, code }; code: of a problem
--     plugin:cut("book", n, after): the next call dies at its n-th store
--         operation, before or after it was carried out; r is then nil
--     plugin.clock     seconds, added to the real time
--     plugin.operations  that the last call made
--     plugin:redis(...)  any command
--
-- It checks no scope, schema or budget: the gate's tests do.

local cjson = require "cjson"
local ffi = require "ffi"

ffi.cdef [[
    struct civic_un { unsigned short family; char path[108]; };

    int socket(int domain, int type, int protocol);
    int connect(int fd, const struct civic_un *address, unsigned len);
    ssize_t read(int fd, void *buffer, size_t n);
    ssize_t write(int fd, const void *buffer, size_t n);
    unsigned char *SHA256(const unsigned char *text, size_t n,
                          unsigned char *digest);
]]

local _M = {}

local CUT = {}                             -- what a cut raises
local ROOT = arg[0]:match("^(.*)/t/plugins/[^/]*$") or "."


-- Redis, as plainly as can be

local connection = {}
connection.__index = connection


local function connect(path)
    local address = ffi.new("struct civic_un", { family = 1, path = path })
    local fd = ffi.C.socket(1, 1, 0)

    assert(ffi.C.connect(fd, address, ffi.sizeof(address)) == 0, path)
    return setmetatable({ fd = fd, text = "", scripts = {},
                          buffer = ffi.new("char[65536]") }, connection)
end


function connection:need(found)
    while not found(self.text) do
        local n = tonumber(ffi.C.read(self.fd, self.buffer, 65536))

        assert(n > 0, "redis: connection lost")
        self.text = self.text .. ffi.string(self.buffer, n)
    end
end


function connection:reply(inner)
    self:need(function (text) return text:find("\r\n", 1, true) end)

    local kind, rest, stop = self.text:match("^(.)(.-)\r\n()")
    local n = tonumber(rest)

    self.text = self.text:sub(stop)

    if kind == "-" then
        error("redis: " .. rest, 0)
    elseif kind == "+" or kind == ":" then
        return kind == ":" and n or rest
    elseif n < 0 then
        return inner and cjson.null or nil
    elseif kind == "*" then
        local list = {}
        for i = 1, n do
            list[i] = self:reply(true)
        end
        return list
    end

    self:need(function (text) return #text >= n + 2 end)

    local bulk = self.text:sub(1, n)
    self.text = self.text:sub(n + 3)
    return bulk
end


function connection:command(...)
    local words = { "*" .. select("#", ...) .. "\r\n" }

    for i, word in ipairs { ... } do
        word = type(word) == "number" and string.format("%.14g", word) or word
        words[i + 1] = "$" .. #word .. "\r\n" .. word .. "\r\n"
    end

    local text = table.concat(words)
    assert(ffi.C.write(self.fd, text, #text) == #text)
    return self:reply()
end


function connection:run(name, keys, args)
    if not self.scripts[name] then
        local file = assert(io.open(ROOT .. "/lua/redis/" .. name .. ".lua"))

        self.scripts[name] = self:command("SCRIPT", "LOAD",
                                          file:read("*a"))
        file:close()
    end

    local words = { "EVALSHA", self.scripts[name], #keys }

    for _, key in ipairs(keys) do
        words[#words + 1] = key
    end
    for _, arg in ipairs(args) do
        words[#words + 1] = arg
    end
    return self:command(unpack(words))
end


-- what the plugin sees

local plugin = {}
plugin.__index = plugin


local function counted(self, carry_out)
    self.operations = self.operations + 1

    local dies = self.at == self.operations
    if dies and not self.after then
        error(CUT, 0)
    end

    local reply = carry_out()
    if dies then
        error(CUT, 0)
    end
    return reply
end


local function store(self)
    local redis = self.connection

    local function aggregate(name)
        local prefix = "civic:{" .. self.name .. ":" .. name .. "}:"
        local s = {}

        function s:run(script, keys, args)
            local whole = {}
            for i, key in ipairs(keys) do
                whole[i] = prefix .. key
            end
            return counted(self.owner, function ()
                return redis:run(script, whole, args or {})
            end)
        end

        s.owner = self
        return setmetatable(s, { __index = function (_, command)
            return function (_, key, ...)
                local words = { command:upper(), prefix .. key, ... }
                return counted(self, function ()
                    return redis:command(unpack(words))
                end)
            end
        end })
    end

    return { at = aggregate }
end


local function sha256(_, text)
    local digest = ffi.new("unsigned char[32]")

    ffi.load("crypto.so.3").SHA256(text, #text, digest)
    return ffi.string(digest, 32)
end


-- civic.time is the gate's own, but for what moves the clock

local function clock(self)
    local native = {
        operation = function () return os.time() + self.clock end,
        fail = error,
    }

    return assert(loadfile(ROOT .. "/lua/civic/time.lua"))("civic.time",
                                                           native)
end


-- the face that plugins see, as far as these plugins use it

local function face(self, manifest)
    local config = {}

    for name, schema in pairs(manifest.config or {}) do
        config[name] = schema.default
    end

    return {
        config = config,
        store = store(self),
        time = clock(self),
        crypto = { digest = sha256 },
        json = { encode = cjson.encode, decode = cjson.decode,
                 array = function (list) return list end },
        problem = function (code, fields)
            error({ code = assert(manifest.problems[code]) and code,
                    status = manifest.problems[code].status,
                    fields = fields }, 0)
        end,
    }
end


function _M.plugin(name, socket)
    local folder = ROOT .. "/plugins/" .. name
    local file = assert(io.open(folder .. "/manifest.json"))
    local manifest = cjson.decode(file:read("*a"))
    file:close()

    local self = setmetatable({ name = name, clock = 0, operations = 0,
                                connection = connect(socket) }, plugin)

    package.path = folder .. "/lib/?.lua;" .. ROOT .. "/lua/?.lua;"
                   .. package.path
    rawset(_G, "civic", face(self, manifest))
    self.functions = dofile(folder .. "/plugin.lua")
    return self
end


function plugin:redis(...)
    return self.connection:command(...)
end


function plugin:cut(n, after)
    self.at, self.after = n, after
end


function plugin:call(who, name, request)
    request.caller = { id = "citizens:" .. who, subject = who }
    request.query = request.query or {}
    request.params = request.params or {}
    self.operations = 0

    local ok, status, body = pcall(self.functions[name], request)
    self.at = nil

    if ok then
        return { status = status or 204, body = body }
    elseif status == CUT then
        return nil
    elseif type(status) == "table" then
        return { status = status.status, code = status.code,
                 body = status.fields }
    end
    error(status, 0)
end


return _M
