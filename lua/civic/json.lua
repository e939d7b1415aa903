-- Copyright (C) Civic Gate
--
-- civic.json: JSON, read strictly (no duplicate members, 32 levels, 4 MB,
-- 65,536 values, integers of at most 53 bits) and written without guessing.
--
-- A table with items is a list, any other an object; an empty list says so
-- with json.array.  JSON's null is json.null, because nil cannot be kept in a
-- table.

local _, native = ...

local fail = native.fail
local encode = native.json.encode

local json = {
    null = native.null,

    -- json.decode(text): the value, or nil and why not
    decode = native.json.decode,
}


-- json.encode(value): text; an error for what JSON cannot say
function json.encode(value)
    local text, err = encode(value)
    if not text then
        fail(err)
    end
    return text
end


-- json.array(t): t itself, a list even if it is empty; a new one without t
function json.array(t)
    return native.array(t or {})
end

return json
