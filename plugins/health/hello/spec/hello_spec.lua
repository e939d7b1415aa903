-- ./civic plugin test health/hello

local test = require "civic.test"


describe("health/hello", function()
    it("says hello to whoever is named", function()
        local anyone = test.gate():anyone()
        local answer = anyone:get("/health/hello/hello/li")
        assert.are.equal(200, answer.status)
        assert.are.equal("li", answer.body.hello)
    end)
end)
