-- Copyright (C) Civic Gate
--
-- Mints distinct tokens for the benchmark, one a line.
--
--     luajit tokens.lua KEY.pem ALG KID COUNT
--
-- The claims are such that a token of RS256 has some 630 bytes.

local HERE = arg[0]:match("^(.-)[^/]*$")
package.path = HERE .. "../../lua/cli/?.lua;" .. package.path

local command = require "command"
local jwt = require "jwt"

local CLAIMS = '{"iss":"https://id.civicgate.example",'
    .. '"aud":"social-services","sub":"3501020000%08d",'
    .. '"scope":"imaging:read booking:read","iat":%d,"exp":%d,"jti":"%08d"}'

local key = command.contents(arg[1])
local algorithm = assert(jwt[arg[2]], "no such algorithm")

for number = 1, tonumber(arg[4]) do
    local now = os.time()
    print(assert(jwt.mint(algorithm, arg[3], key,
                          { CLAIMS:format(number, now, now + 43200, number) })))
end
