-- Copyright (C) Civic Gate
--
-- Mints distinct tokens for the benchmark, one a line, through libjwt.
--
--     luajit tokens.lua KEY.pem ALG KID COUNT
--
-- The claims are such that a token of RS256 has some 630 bytes.

local ffi = require "ffi"

local ALGORITHMS = { RS256 = 4, ES256 = 7 }   -- jwt_alg_t of 1.x and 2.x

ffi.cdef [[
    typedef struct jwt jwt_t;

    int jwt_new(jwt_t **jwt);
    void jwt_free(jwt_t *jwt);
    int jwt_add_grants_json(jwt_t *jwt, const char *json);
    int jwt_add_header(jwt_t *jwt, const char *header, const char *value);
    int jwt_set_alg(jwt_t *jwt, int alg, const unsigned char *key, int len);
    char *jwt_encode_str(jwt_t *jwt);
    void free(void *memory);
]]

local CLAIMS = '{"iss":"https://id.civicgate.example",'
    .. '"aud":"social-services","sub":"3501020000%08d",'
    .. '"scope":"imaging:read booking:read","iat":%d,"exp":%d,"jti":"%08d"}'


local function load_libjwt()
    for _, name in ipairs { "jwt", "libjwt.so.0", "libjwt.so.1",
                            "libjwt.so.2" } do
        local found, library = pcall(ffi.load, name)
        if found then
            return library
        end
    end
    error("libjwt was not found (Debian: libjwt-dev)")
end


local function mint(library, key, algorithm, kid, number)
    local handle = ffi.new("jwt_t *[1]")
    assert(library.jwt_new(handle) == 0)
    local token = ffi.gc(handle[0], library.jwt_free)
    local now = os.time()

    assert(library.jwt_add_header(token, "kid", kid) == 0)
    assert(library.jwt_add_grants_json(token,
               CLAIMS:format(number, now, now + 43200, number)) == 0)
    assert(library.jwt_set_alg(token, algorithm, key, #key) == 0)

    local text = library.jwt_encode_str(token)
    assert(text ~= nil, "signing failed")
    return ffi.string(ffi.gc(text, ffi.C.free))
end


local library = load_libjwt()
local file = assert(io.open(arg[1], "rb"))
local key = file:read("*a")
file:close()

local algorithm = assert(ALGORITHMS[arg[2]], "no such algorithm")
for number = 1, tonumber(arg[4]) do
    print(mint(library, key, algorithm, arg[3], number))
end
