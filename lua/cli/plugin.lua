-- Copyright (C) Civic Gate
--
-- civic plugin: the plugins of departments, from where they are written to
-- where they serve.  It changes files only: the gate's watcher sees them.
-- Departments are read from nginx.conf, states from the gate's status.
--
--     luajit plugin.lua ROOT HOME GATE COMMAND ...

local ffi = require "ffi"
local json = require "cjson.safe"

local ROOT, HOME, GATE = arg[1], arg[2], arg[3]

package.path = ROOT .. "/lua/cli/?.lua;" .. package.path

local command = require "command"

local fail, quote, read = command.fail, command.quote, command.read

local HASH = ("%x"):rep(32)
local PATIENCE = 6                      -- seconds
local AT_FDCWD = -100                   -- Linux
local RENAME_EXCHANGE = 2

ffi.cdef [[
    int renameat2(int from_folder, const char *from, int to_folder, const char *to,
                  unsigned flags);
]]


local function run(...)
    local words = {}
    for i, word in ipairs({...}) do
        words[i] = quote(word)
    end
    return os.execute(table.concat(words, " ")) == 0
end


-- whole or not at all, for whoever reads it meanwhile.  The folder may be
-- the workers' and whoever runs this root: what lies there leads nowhere.

local WRITE = [[umask 022; rm -f "$1" && set -C && printf %s "$2" > "$1"]]

local function write(path, text)
    if not run("sh", "-c", WRITE, "sh", path .. ".new", text) then
        fail("无法写入: " .. path, "cannot write: " .. path)
    end
    assert(os.rename(path .. ".new", path))
end


local function is_folder(path)
    return run("test", "-d", path)
end


-- nginx.conf: the words of civic_department and civic_state

local conf = {}


-- "conf/../plugins" leads where "plugins" does, unless conf/ is a link

local function full(path)
    path = path:match("^/") and path or HOME .. "/conf/" .. path

    local short, n = path
    repeat
        short, n = short:gsub("/[^/.][^/]*/%.%./", "/", 1)
    until n == 0

    return is_folder(short) and short or path
end


local function departments()
    if conf.departments then
        return conf.departments
    end

    local text = read(HOME .. "/conf/nginx.conf")
    if not text then
        fail("找不到 " .. HOME .. "/conf/nginx.conf，先运行 ./civic up",
             "there is no " .. HOME .. "/conf/nginx.conf, first run ./civic up")
    end

    text = ("\n" .. text):gsub("\n%s*#[^\n]*", "\n"):gsub("%s#[^\n]*", "")
    conf.state = text:match("[;{}%s]civic_state%s+(%S-)%s*;")
    conf.departments = {}
    for name, block in text:gmatch("[;{}%s]civic_department%s+(%S+)%s*(%b{})") do
        local d = { name = name, prefix = {}, allow = {} }
        for word, rest in block:sub(2, -2):gmatch("([%a_]+)%s*([^;]*);") do
            if word == "path" then
                d.path = full(rest:match("%S+"))
            elseif word == "prefix" or word == "allow" then
                for item in rest:gmatch("%S+") do
                    table.insert(d[word], item)
                end
            end
        end
        conf.departments[name] = d
    end
    return conf.departments
end


local function state()
    departments()
    return conf.state and full(conf.state) or HOME .. "/conf/state"
end


-- "health/hello": its department and where its folder is

local function plugin(word)
    local department, name = (word or ""):match("^(%l[%l%d-]*)/(%l[%l%d-]*)$")
    if not name then
        fail("应为 部门/插件: " .. tostring(word),
             "this is no DEPARTMENT/PLUGIN: " .. tostring(word))
    end

    local d = departments()[department]
    if not d or not d.path then
        fail("nginx.conf 中没有 civic_department " .. department,
             "nginx.conf has no civic_department " .. department)
    end
    return { full = word, name = name, department = d,
             folder = d.path .. "/" .. name,
             kept = state() .. "/plugins/" .. word }
end


-- what the gate says; nil: it does not answer

local function status()
    local pipe = assert(io.popen("curl -s -m 5 " .. quote(GATE .. "/status")))
    local answer = json.decode(pipe:read("*a"))
    pipe:close()
    return answer and answer.plugins
end


local function entry(word)
    for _, one in ipairs(status() or {}) do
        if one.name == word then
            return one
        end
    end
end


local function print_entry(one)
    print(("%-24s %-12s %-10s %s"):format(one.name, one.state, one.version, one.hash))
    if one.reason ~= "" then
        print("    " .. one.reason)
    end
end


-- until the gate says what is wanted; a gate that is down will, later

local function await(word, wanted)
    if not status() then
        print("网关没有运行，启动后生效 / the gate is down: this holds once it runs")
        return
    end

    local one
    for _ = 1, PATIENCE * 5 do
        one = entry(word)
        if one and wanted(one) then
            print_entry(one)
            return one
        end
        run("sleep", "0.2")
    end

    if one then
        print_entry(one)
    end
    fail("网关尚未照办，见 log/nginx.log", "the gate has not obeyed yet, see log/nginx.log")
end


local commands = {}


function commands.list()
    local all = status()
    if not all then
        fail("网关没有应答: " .. GATE, "the gate does not answer: " .. GATE)
    end

    table.sort(all, function(a, b) return a.name < b.name end)
    for _, one in ipairs(all) do
        print_entry(one)
    end
end


local function place(p)
    if not is_folder(p.kept) then
        fail("网关还没有接收过 " .. p.full, "the gate has never taken " .. p.full)
    end
end


function commands.stop(word)
    local p = plugin(word)
    place(p)
    write(p.kept .. "/stopped", os.date("%Y-%m-%d %H:%M:%S\n"))
    await(word, function(one) return one.state == "stopped" end)
end


function commands.start(word)
    local p = plugin(word)
    place(p)
    os.remove(p.kept .. "/stopped")
    await(word, function(one) return one.state ~= "stopped" end)
end


-- to the version before, or the one whose hash begins so

function commands.rollback(word, wanted)
    local p = plugin(word)
    place(p)
    local current = (read(p.kept .. "/current") or ""):match("^" .. HASH)
    local target
    for hash in (read(p.kept .. "/history") or ""):gmatch(HASH) do
        if wanted and hash:sub(1, #wanted) == wanted
           or not wanted and hash ~= current then
            target = hash
            break
        end
    end
    if not target then
        fail("没有可回退的版本: " .. word, "there is no version to go back to: " .. word)
    end

    write(p.kept .. "/pin", target .. "\n")
    await(word, function(one) return one.hash == target end)
end


-- in one rename: nobody sees a moment with neither of the two folders

local function take_place(new, folder)
    local flags = is_folder(folder) and RENAME_EXCHANGE or 0

    if ffi.C.renameat2(AT_FDCWD, new, AT_FDCWD, folder, flags) ~= 0 then
        fail("无法放到 " .. folder, "cannot put it in place: " .. folder)
    end
end


-- the folder as it is, or another that takes its place; ends a rollback

function commands.deploy(word, from)
    local p = plugin(word)
    if from then
        if not is_folder(from) then
            fail("没有这个目录: " .. from, "no such folder: " .. from)
        end
        local new = p.department.path .. "/." .. p.name .. ".new"
        run("rm", "-rf", new)
        if not run("cp", "-R", "--", from .. "/.", new) then
            fail("复制失败", "the copy failed")
        end
        take_place(new, p.folder)
        run("rm", "-rf", new)
    end
    if not is_folder(p.folder) then
        fail("没有这个目录: " .. p.folder, "no such folder: " .. p.folder)
    end

    local before = entry(word)
    os.remove(p.kept .. "/pin")
    run("sleep", "1.5")
    local one = await(word, function(one)
        return not one.reason:find("rolled back", 1, true)
               and (one.reason ~= "" or not before or one.state ~= "not-loaded")
    end)
    if one and one.reason ~= "" then
        fail("没有接收 " .. word, word .. " was not taken")
    end
end


function commands.new(word)
    local p = plugin(word)
    local prefix = (p.department.prefix[1] or "/" .. p.department.name) .. "/" .. p.name
    if is_folder(p.folder) then
        fail("目录已存在: " .. p.folder, "the folder is there already: " .. p.folder)
    end

    local new = p.department.path .. "/." .. p.name .. ".new"
    if not run("mkdir", "-p", new .. "/spec") then
        fail("无法创建: " .. new, "cannot create: " .. new)
    end
    for file, text in pairs(require "plugin_new"(word, p.name, prefix, GATE)) do
        write(new .. "/" .. file, text)
    end
    assert(os.rename(new, p.folder))

    print(p.folder)
    print(("curl %s%s/hello/li"):format(GATE, prefix))
    await(word, function(one) return one.state == "ready" end)
end


function commands.check(word)
    local p = plugin(word)
    local faults = 0
    local function say(...)
        faults = faults + 1
        print(string.format(...))
    end

    if not is_folder(p.folder) then
        fail("没有这个目录: " .. p.folder, "no such folder: " .. p.folder)
    end

    require "plugin_check"(ROOT, p, say)

    -- what only the running gate knows: neighbours, issuers, the trial

    local one = faults == 0 and entry(word)
    if one and one.reason ~= "" then
        say("%s", one.reason)
    end
    if faults > 0 then
        os.exit(1)
    end
    print("没有发现问题 / nothing is wrong: " .. word)
end


local usage = [[
用法 Usage: ./civic plugin COMMAND

  list                       插件、状态、版本、原因
                             plugins, their state, version and reason
  new DEPT/NAME              新建一个插件目录，2 秒内上线
                             make a folder that is live within 2 seconds
  check DEPT/NAME            一次说出所有问题
                             say all that is wrong at once
  deploy DEPT/NAME [FOLDER]  部署目录，结束回退
                             take the folder, end a rollback
  rollback DEPT/NAME [HASH]  回到上一版本或指定版本
                             back to the version before, or to that one
  stop|start DEPT/NAME       停用、启用，重启后仍有效
                             stop, start; holds over restarts
]]

local known = { list = 0, new = 1, check = 1, deploy = 2, rollback = 2, stop = 1, start = 1 }
local words = { select(5, unpack(arg)) }
local name = arg[4] or "help"

if not known[name] or #words > known[name]
   or known[name] > 0 and #words == 0 then
    io.stderr:write(usage)
    os.exit(name == "help" and 0 or 1)
end

commands[name](unpack(words))
