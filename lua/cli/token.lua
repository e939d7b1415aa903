-- Copyright (C) Civic Gate
--
-- civic token: mints a development token with the demo issuer's key, through
-- libjwt.  It decides nothing about who may have one: the key is the demo's.
--
--     luajit token.lua KEY_FOLDER --sub S [--scope "a b"] [--aud A]
--                      [--ttl 1h] [--claim k=v]...

local ffi = require "ffi"

local ISSUER = "https://id.civicgate.example"
local KEY_ID = "demo"
local ES256 = 7                         -- jwt_alg_t, the same in 1.x and 2.x
local SECONDS = { s = 1, m = 60, h = 3600, d = 86400 }
local RESERVED = { iss = true, sub = true, aud = true, scope = true,
                   iat = true, exp = true, jti = true }

ffi.cdef [[
    typedef struct jwt jwt_t;

    int jwt_new(jwt_t **jwt);
    void jwt_free(jwt_t *jwt);
    int jwt_add_grant(jwt_t *jwt, const char *grant, const char *value);
    int jwt_add_grant_int(jwt_t *jwt, const char *grant, long value);
    int jwt_add_grants_json(jwt_t *jwt, const char *json);
    int jwt_add_header(jwt_t *jwt, const char *header, const char *value);
    int jwt_set_alg(jwt_t *jwt, int alg, const unsigned char *key, int len);
    char *jwt_encode_str(jwt_t *jwt);
    void free(void *memory);
]]


local function fail(zh, en)
    io.stderr:write(zh, "\n", en, "\n")
    os.exit(1)
end


local function check(rc, what)
    if rc ~= 0 then
        fail("无法加入 " .. what, "cannot add " .. what)
    end
end


local function load_libjwt()
    for _, name in ipairs { "jwt", "libjwt.so.0", "libjwt.so.1",
                            "libjwt.so.2" } do
        local found, library = pcall(ffi.load, name)
        if found then
            return library
        end
    end
    fail("找不到 libjwt (Debian: libjwt-dev)",
         "libjwt was not found (Debian: libjwt-dev)")
end


local function parse_ttl(text)
    local number, unit = text:match("^(%d+)([smhd]?)$")
    if not number or tonumber(number) == 0 then
        fail("--ttl 应为时长，如 30s 10m 1h: " .. text,
             "--ttl wants a time such as 30s, 10m, 1h: " .. text)
    end
    return tonumber(number) * SECONDS[unit == "" and "s" or unit]
end


local function parse_claim(text)
    local name, value = text:match("^([^=]+)=(.*)$")
    if not name then
        fail("--claim 应为 名称=值: " .. text,
             "--claim wants NAME=VALUE: " .. text)
    end
    if RESERVED[name] then
        fail("--claim 不能设置 " .. name, "--claim may not set " .. name)
    end
    return { name = name, value = value }
end


local function parse_arguments(words)
    local options = { aud = "social-services", ttl = "1h", claims = {} }
    local known = { sub = true, scope = true, aud = true, ttl = true,
                    claim = true }

    local i = 2
    while words[i] do
        local name, value = words[i]:match("^%-%-(%l+)=?(.*)$")
        if not known[name] then
            fail("未知选项: " .. words[i], "no such option: " .. words[i])
        end
        if not words[i]:find("=", 1, true) then
            i = i + 1
            value = words[i]
        end
        if not value or value == "" then
            fail("选项缺少值: --" .. name, "--" .. name .. " wants a value")
        end
        if name == "claim" then
            table.insert(options.claims, parse_claim(value))
        else
            options[name] = value
        end
        i = i + 1
    end

    if not options.sub then
        fail("缺少 --sub，见 ./civic help", "--sub is missing, see ./civic help")
    end
    options.ttl = parse_ttl(options.ttl)
    return options
end


local function read(path, length)
    local file = io.open(path, "rb")
    local bytes = file and file:read(length or "*a")
    if not bytes then
        fail("无法读取 " .. path, "cannot read " .. path)
    end
    file:close()
    return bytes
end


local function random_id()
    return (read("/dev/urandom", 16):gsub(".", function(byte)
        return ("%02x"):format(byte:byte())
    end))
end


local function quote(text)
    return '"' .. text:gsub('[%c"\\]', function(char)
        return ("\\u%04x"):format(char:byte())
    end) .. '"'
end


-- a value that is JSON (2, true, "2", [1,2]) stays what it is; other text is
-- a string

local function add_claim(library, token, claim)
    local name = quote(claim.name)
    if claim.value:find('^%s*[%d%-tfn%[{"]')
       and library.jwt_add_grants_json(token,
               "{" .. name .. ":" .. claim.value .. "}") == 0
    then
        return
    end
    check(library.jwt_add_grants_json(token,
              "{" .. name .. ":" .. quote(claim.value) .. "}"), claim.name)
end


local function mint(library, options, key)
    local handle = ffi.new("jwt_t *[1]")
    if library.jwt_new(handle) ~= 0 then
        fail("内存不足", "no memory")
    end
    local token = ffi.gc(handle[0], library.jwt_free)
    local now = os.time()

    check(library.jwt_add_header(token, "kid", KEY_ID), "kid")
    local texts = { iss = ISSUER, sub = options.sub, aud = options.aud,
                    scope = options.scope, jti = random_id() }
    for name, value in pairs(texts) do
        check(library.jwt_add_grant(token, name, value), name)
    end
    check(library.jwt_add_grant_int(token, "iat", now), "iat")
    check(library.jwt_add_grant_int(token, "exp", now + options.ttl), "exp")
    for _, claim in ipairs(options.claims) do
        add_claim(library, token, claim)
    end

    check(library.jwt_set_alg(token, ES256, key, #key), "alg")
    local text = library.jwt_encode_str(token)
    if text == nil then
        fail("签名失败", "signing failed")
    end
    text = ffi.gc(text, ffi.C.free)
    return ffi.string(text)
end


local options = parse_arguments(arg)
local key = read(arg[1] .. "/citizens.pem")
print(mint(load_libjwt(), options, key))
