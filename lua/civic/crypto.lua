-- Copyright (C) Civic Gate
--
-- civic.crypto: randomness, digests and keyed digests.  Bytes go in and come
-- out as strings; hex and base64url make them readable.
--
-- algorithm: "sha256" or "sm3".

local _, native = ...

local operation, fail = native.operation, native.fail
local type = type

local crypto = {
    -- crypto.hex(bytes): two digits each, lower case
    hex = native.bytes.hex,

    -- crypto.unhex(text): the bytes; nil if it is no hexadecimal
    unhex = native.bytes.unhex,

    -- crypto.base64url(bytes): without "="
    base64url = native.bytes.base64url,

    -- crypto.unbase64url(text): the bytes; nil if it is none, strictly
    unbase64url = native.bytes.unbase64url,

    -- crypto.equal(a, b): two strings, in a time that tells nothing of them
    equal = native.bytes.equal,
}


local function check(name, algorithm, ...)
    if type(algorithm) ~= "string" then
        fail(name .. " takes the name of an algorithm first")
    end
    for i = 1, select("#", ...) do
        if type((select(i, ...))) ~= "string" then
            fail(name .. " takes strings")
        end
    end
end


-- crypto.random(n): n bytes that nobody can guess
function crypto.random(n)
    if type(n) ~= "number" or n < 1 or n > 4096 or n % 1 ~= 0 then
        fail("crypto.random takes a number from 1 to 4096")
    end
    return operation("crypto.random", n)
end


-- crypto.digest(algorithm, bytes): 32 bytes
function crypto.digest(algorithm, bytes)
    check("crypto.digest", algorithm, bytes)
    return operation("crypto.digest", algorithm, bytes)
end


-- crypto.hmac(algorithm, key, bytes): 32 bytes
function crypto.hmac(algorithm, key, bytes)
    check("crypto.hmac", algorithm, key, bytes)
    return operation("crypto.hmac", algorithm, key, bytes)
end

return crypto
