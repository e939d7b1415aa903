-- Copyright (C) Civic Gate
--
-- civic.once: what happens at most once.  Idempotency keys, nonces, one-shot
-- codes, and numbers that only grow.
--
--     local once = require "civic.once"
--     local store = civic.store.at("order:7")
--
-- Times are milliseconds.  Keys are parts of the store's aggregate.

local _M = {}


local function whole(number)
    return string.format("%.0f", number)
end


-- "begin" and a fence (a string), "busy" and for how many ms, "mismatch",
-- or "done" and the answer

function _M.begin(store, key, digest, lease, now)
    local r = store:run("once_begin", { key },
                        { digest, whole(lease), whole(now) },
                        { durable = true })
    return r[1], r[2]
end


-- false: another has taken the lapsed lease; their answer, if there is one

function _M.finish(store, key, fence, answer, ttl)
    local r = store:run("once_end", { key }, { fence, answer, whole(ttl) },
                        { durable = true })
    return r[1] == "done", r[2]
end


function _M.free(store, key, fence)
    return store:run("once_free", { key }, { fence })[1] == "freed"
end


-- true the first time within ttl

function _M.nonce(store, key, ttl)
    return store:set(key, "1", "NX", "PX", whole(ttl)) == "OK"
end


-- a code that opens one thing one time: `value`, any string

function _M.issue(store, code, value, ttl)
    return store:set(code, value, "NX", "PX", whole(ttl)) == "OK"
end


-- nil: there is no such code, or it was used, or its time is over

function _M.redeem(store, code)
    return store:getdel(code)
end


-- 1, 2, 3 ...

function _M.number(store, key)
    return store:incr(key)
end


return _M
