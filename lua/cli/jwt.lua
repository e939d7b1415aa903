-- Copyright (C) Civic Gate
--
-- Mints tokens through libjwt, the only part of ours that makes any: for
-- development (civic token), specs (civic.test) and the benchmark.
--
--     local jwt = require "jwt"
--     local text, err = jwt.mint(jwt.ES256, "demo", key, claims)
--
-- `key` is a PEM text, or the bytes of a symmetric key; `claims` a list of
-- JSON objects, added one after the other.  err: what could not be done.

local ffi = require "ffi"

-- jwt_alg_t, the same in 1.x and 2.x

local _M = { HS256 = 1, RS256 = 4, ES256 = 7 }

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

local library


local function load_library()
    for _, name in ipairs { "jwt", "libjwt.so.0", "libjwt.so.1",
                            "libjwt.so.2" } do
        local found
        found, library = pcall(ffi.load, name)
        if found then
            return library
        end
    end
    library = nil
end


-- text as a JSON string

function _M.quote(text)
    return '"' .. text:gsub('[%c"\\]', function(char)
        return ("\\u%04x"):format(char:byte())
    end) .. '"'
end


function _M.mint(algorithm, key_id, key, claims)
    if not library and not load_library() then
        return nil, "libjwt"
    end

    local handle = ffi.new("jwt_t *[1]")
    if library.jwt_new(handle) ~= 0 then
        return nil, "memory"
    end
    local token = ffi.gc(handle[0], library.jwt_free)

    if library.jwt_add_header(token, "kid", key_id) ~= 0 then
        return nil, "kid"
    end
    for _, object in ipairs(claims) do
        if library.jwt_add_grants_json(token, object) ~= 0 then
            return nil, object
        end
    end
    if library.jwt_set_alg(token, algorithm, key, #key) ~= 0 then
        return nil, "alg"
    end

    local text = library.jwt_encode_str(token)
    if text == nil then
        return nil, "signature"
    end
    return ffi.string(ffi.gc(text, ffi.C.free))
end


return _M
