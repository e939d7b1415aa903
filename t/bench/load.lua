-- Copyright (C) Civic Gate
--
-- What wrk sends: the lines of a file, "METHOD PATH" or "METHOD PATH TOKEN",
-- one after the other, over and over, from the one whose number is given.
-- A token that begins with "cg_" is an API key.
-- All are formatted before the first is sent, so that making them costs
-- nothing while the clock runs.  "METHOD PATH sign:KEYID:SECRET" is signed
-- when it is sent (RFC 9421), with a body of 1 kB: no two are the same.

local requests, last = {}, 0
local ffi = require "ffi"
local crypto

ffi.cdef [[
const void *EVP_sha256(void);
unsigned char *HMAC(const void *md, const void *key, int key_len,
                    const char *d, size_t n, unsigned char *out,
                    unsigned int *len);
unsigned char *SHA256(const char *d, size_t n, unsigned char *out);
int EVP_EncodeBlock(unsigned char *t, const unsigned char *f, int n);
]]


local function base64(digest)
    local out = ffi.new("unsigned char[48]")
    return ffi.string(out, crypto.EVP_EncodeBlock(out, digest, 32))
end


local function signed(method, path, id, secret)
    crypto = crypto or ffi.load("crypto")

    local body = ("x"):rep(1024)
    local digest = "sha-256=:" .. base64(crypto.SHA256(body, #body, nil)) .. ":"
    local nonce = ("%d-%d-"):format(os.time(), math.random(2 ^ 30))
    local count, mac = 0, ffi.new("unsigned char[32]")
    local head = ('"@method": %s\n"@authority": %s:%d\n"@path": %s\n'
                  .. '"@query": ?\n"content-digest": %s\n'
                  .. '"@signature-params": '):format(method, wrk.host,
                  wrk.port, path, digest)

    return function()
        count = count + 1
        local params = ('("@method" "@authority" "@path" "@query" '
                        .. '"content-digest");created=%d;keyid="%s"'
                        .. ';nonce="%s%d"'):format(os.time(), id, nonce, count)
        local base = head .. params
        crypto.HMAC(crypto.EVP_sha256(), secret, #secret, base, #base, mac,
                    nil)
        return wrk.format(method, path, {
            ["Content-Digest"] = digest,
            ["Signature-Input"] = "sig=" .. params,
            ["Signature"] = "sig=:" .. base64(mac) .. ":"
        }, body)
    end
end


function init(arguments)
    for line in io.lines(arguments[1]) do
        local method, path, token = line:match("^(%S+) (%S+) ?(%S*)$")
        local id, secret = token:match("^sign:([^:]+):(.+)$")
        local headers = {}
        if id then
            table.insert(requests, signed(method, path, id, secret))
            method = nil
        end
        if token ~= "" then
            local scheme = token:match("^cg_") and "Apikey " or "Bearer "
            headers["Authorization"] = scheme .. token
        end
        if method then
            local body = method ~= "GET" and "" or nil
            table.insert(requests, wrk.format(method, path, headers, body))
        end
    end
    last = tonumber(arguments[2]) % #requests
end


function request()
    last = last % #requests + 1
    local text = requests[last]
    return type(text) == "function" and text() or text
end


-- "bench REQUESTS MICROSECONDS ERRORS"; an error is a status above 399, too

function done(summary)
    local errors = summary.errors
    io.write(("bench %d %d %d\n"):format(summary.requests, summary.duration,
             errors.connect + errors.read + errors.write + errors.status
             + errors.timeout))
end
