-- Copyright (C) Civic Gate
--
-- civic.text: UTF-8, counted in characters.  Lua's own # and string.sub count
-- bytes, three for most Chinese characters.

local _, native = ...

local trim = native.text.trim

local text = {
    -- text.valid(s): is it a string of well-formed UTF-8?
    valid = native.text.valid,

    -- text.length(s): characters; nil if it is no UTF-8
    length = native.text.length,

    -- text.sub(s, from, to): as string.sub; nil if it is no UTF-8
    sub = native.text.sub,
}


-- text.trim(s): without white space at both ends, the ideographic one too
function text.trim(s)
    -- no pattern: "(.-)%s*$" is quadratic in blanks, and a client may send many
    return trim(s)
end

return text
