-- Copyright (C) Civic Gate
--
-- In place of a remote or of another plugin while specs run: answers what
-- the spec put into its store, and notes what it was asked.

local stub = {}

local store = civic.store.at("all")


local function find(request)
    return store:hget("answers", request.method .. " " .. request.path)
           or store:hget("answers", "any")
end


function stub.answer(request)
    store:rpush("log", civic.json.encode {
        method = request.method, path = request.path, query = request.query,
        headers = request.headers, raw = request.raw, body = request.body,
    })

    local text = find(request)
    if not text then
        return 404, { code = "no-stub" }
    end

    local answer = civic.json.decode(text)
    return answer.status or 200, answer.body, answer.headers
end


return stub
