-- Copyright (C) Civic Gate
--
-- Requests that come when they come: an open loop at a mean rate, with
-- exponential gaps of microseconds, over connections that stay open.  (wrk
-- pauses for whole milliseconds, and so lets all requests of all its
-- processes come at once, each millisecond anew.)
--
--     luajit poisson.lua FILE RATE SECONDS CONNECTIONS PORT
--
-- FILE has lines "METHOD PATH TOKEN"; their order is kept.  Prints
-- "bench ANSWERS MICROSECONDS REFUSED LATE P50 P99": those with a status
-- above 399, those that found all connections busy and were not sent, and
-- microseconds from sending to the answer.

local ffi = require "ffi"

ffi.cdef [[
typedef struct { long sec; long nsec; } timespec_t;
typedef struct { int fd; short events; short revents; } pollfd_t;
typedef struct { uint16_t family; uint16_t port; uint32_t addr;
                 char pad[8]; } sockaddr_t;
int clock_gettime(int clock, timespec_t *now);
int ppoll(pollfd_t *fds, unsigned long n, const timespec_t *timeout,
          const void *mask);
int prctl(int option, unsigned long a, unsigned long b, unsigned long c,
          unsigned long d);
int socket(int domain, int type, int protocol);
int connect(int fd, const sockaddr_t *to, uint32_t len);
int setsockopt(int fd, int level, int name, const int *value, uint32_t len);
long send(int fd, const char *text, size_t len, int flags);
long recv(int fd, char *into, size_t len, int flags);
uint16_t htons(uint16_t port);
]]

local CLOCK_MONOTONIC, PR_SET_TIMERSLACK, POLLIN = 1, 29, 1
local AF_INET, SOCK_STREAM, TCP, TCP_NODELAY = 2, 1, 6, 1
local MSG_NOSIGNAL = 0x4000

local file, rate, seconds, n, port = arg[1], tonumber(arg[2]),
    tonumber(arg[3]), tonumber(arg[4]), tonumber(arg[5])
local buffer = ffi.new("char[65536]")
local clock = ffi.new("timespec_t")


local function now()
    ffi.C.clock_gettime(CLOCK_MONOTONIC, clock)
    return tonumber(clock.sec) * 1e6 + tonumber(clock.nsec) / 1e3
end


local function check(ok, what)
    if not ok then
        error(("%s: errno %d"):format(what, ffi.errno()), 0)
    end
end


local function read_requests()
    local requests = {}
    for line in io.lines(file) do
        local method, path, token = line:match("^(%S+) (%S+) ?(%S*)$")
        local bearer = token ~= ""
            and ("Authorization: Bearer %s\r\n"):format(token) or ""
        requests[#requests + 1] = ("%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
            .. "%s\r\n"):format(method, path, port, bearer)
    end
    return requests
end


local function dial()
    local fd = ffi.C.socket(AF_INET, SOCK_STREAM, TCP)
    local to = ffi.new("sockaddr_t", AF_INET, ffi.C.htons(port), 0x0100007f)
    check(fd >= 0 and ffi.C.connect(fd, to, ffi.sizeof(to)) == 0, "connect")
    ffi.C.setsockopt(fd, TCP, TCP_NODELAY, ffi.new("int[1]", 1), 4)
    return fd
end


-- the status once the answer is whole, or nil

local function status(text)
    local head, from = text:match("^(.-\r\n\r\n)()")
    if not head then
        return nil
    end
    local length = head:match("\r\n[Cc]ontent%-[Ll]ength: (%d+)\r\n")
    check(length, "an answer without a length")
    return #text - from + 1 >= tonumber(length)
           and tonumber(head:match("^HTTP/1%.1 (%d+)")) or nil
end


local requests = read_requests()
local fds = ffi.new("pollfd_t[?]", n)
local free, texts, sent = {}, {}, {}
local latencies, refused, late, last = {}, 0, 0, 0

for i = 0, n - 1 do
    fds[i].fd, fds[i].events = dial(), POLLIN
    free[#free + 1] = i
end
ffi.C.prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0)
math.randomseed(port + rate)


local function ask()
    local i = table.remove(free)
    if not i then
        late = late + 1
        return
    end
    last = last % #requests + 1
    local text = requests[last]
    texts[i], sent[i] = "", now()
    check(ffi.C.send(fds[i].fd, text, #text, MSG_NOSIGNAL) == #text, "send")
end


local function answer(i)
    local got = ffi.C.recv(fds[i].fd, buffer, 65536, 0)
    check(got > 0, "recv")
    texts[i] = texts[i] .. ffi.string(buffer, got)
    local code = status(texts[i])
    if code then
        latencies[#latencies + 1] = now() - sent[i]
        refused = refused + (code > 399 and 1 or 0)
        table.insert(free, 1, i)
    end
end


local start = now()
local stop, due = start + seconds * 1e6, start
local timeout = ffi.new("timespec_t")

while true do
    local at = now()
    while due <= at do
        ask()
        due = due - math.log(1 - math.random()) * 1e6 / rate
    end
    if at >= stop then
        break
    end
    timeout.sec, timeout.nsec = 0, math.min(due - at, 1e5) * 1e3
    if ffi.C.ppoll(fds, n, timeout, nil) > 0 then
        for i = 0, n - 1 do
            if fds[i].revents ~= 0 then
                answer(i)
            end
        end
    end
end

local took = now() - start
table.sort(latencies)
local function percentile(p)
    return latencies[math.max(1, math.ceil(#latencies * p / 100))] or 0
end
io.write(("bench %d %d %d %d %d %d\n"):format(#latencies, took, refused, late,
         percentile(50), percentile(99)))
