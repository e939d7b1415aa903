
/*
 * Copyright (C) Civic Gate
 *
 * What a run may spend, and how it dies.  A hook looks every thousand
 * instructions, and sooner after work that is long for its one instruction:
 * much memory, long strings searched, long tables moved.
 *
 * A plugin can make a thousand instructions last for seconds all the same
 * (comparing long strings), or see to it that the stack is full whenever the
 * hook would run, which Lua then skips.  So time ticks, too: a signal makes
 * the hook run at every instruction from the next one on.  Timers of CPU
 * time go by the kernel's own tick, which is 4 ms or 10; those of the wall
 * are exact.  The ticks stop soon after nothing has run.
 *
 * When the budget is spent the hook does not raise an error, which pcall
 * would catch: it yields, and the host never resumes that coroutine.  Where
 * Lua cannot yield (below a C function that calls back, such as gsub) it does
 * raise an error, and looks again at each instruction, until there is a frame
 * that can yield or none is left.  For the same reason it cannot give way
 * there, nor can C: such a stretch has a third of the CPU time and no more,
 * since everybody else in the worker waits for it.
 *
 * Collecting garbage is shared by those who allocated since it was done last,
 * and the first time in a run by all whose memory lies there: a run does not
 * die of what others left.  What is not its own share is on nobody's budget; a
 * run that makes the VM collect again pays for all of it.
 *
 * xpcall is not LuaJIT's: its handler would run inside the hook, where no
 * hook runs.  See base.lua.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <signal.h>
#include <sys/syscall.h>
#include <time.h>

#include <ngx_event.h>

#include "civic_lua_budget.h"
#include "civic_lua_sandbox.h"


#define CIVIC_LUA_BUDGET_WEIGHT  8     /* of a byte or an item looked at */
#define CIVIC_LUA_BUDGET_BASE    2000000 /* ns between two readings */
#define CIVIC_LUA_BUDGET_STACK   (256 * 1024) /* of C, of one run */
#define CIVIC_LUA_BUDGET_EXACT   200000 /* ns: longer is measured */
#define CIVIC_LUA_BUDGET_TICK    2000000 /* ns */
#define CIVIC_LUA_BUDGET_IDLE    8     /* ticks without Lua: they stop */
#define CIVIC_LUA_BUDGET_SHARE   3     /* of the CPU time: the longest stretch
                                          that cannot give way */

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id   _sigev_un._tid
#endif


static void civic_lua_budget_every(long ns);
static void civic_lua_budget_ticked(int signo);
static void civic_lua_budget_hook(lua_State *L, lua_Debug *ar);
static uint64_t civic_lua_budget_cpu(civic_lua_vm_t *vm, uint64_t enough);
static int civic_lua_budget_metered(lua_State *L);
static void civic_lua_budget_share(lua_State *L, civic_lua_vm_t *vm);
static void civic_lua_budget_check(lua_State *L, civic_lua_vm_t *vm);
static uint64_t civic_lua_budget_spend(civic_lua_vm_t *vm, ngx_uint_t work);
static uint64_t civic_lua_budget_longest(const civic_lua_vm_t *vm);
static void civic_lua_budget_die(lua_State *L, civic_lua_vm_t *vm);
static void civic_lua_budget_where(lua_State *L, civic_lua_vm_t *vm);
static uint64_t civic_lua_budget_clock(clockid_t clock);


/* ns: when both clocks were read last */

static struct {
    uint64_t                 wall;
    uint64_t                 cpu;
} civic_lua_budget_base;


/* whose code is running, for the signal's handler */

static civic_lua_vm_t *volatile  civic_lua_budget_running;


/* written by the signal's handler, too */

static struct {
    timer_t                  id;
    pid_t                    pid;      /* whose it is; 0: there is none */
    volatile sig_atomic_t    armed;
    volatile sig_atomic_t    idle;     /* ticks since Lua ran */
} civic_lua_budget_timer;


/* again in each process: a fork has no timer */

void
civic_lua_budget_tick(void)
{
    struct sigevent   event;
    struct sigaction  sa;

    if (civic_lua_budget_timer.pid == getpid()) {
        return;
    }

    civic_lua_budget_timer.pid = 0;
    civic_lua_budget_timer.armed = 0;

    ngx_memzero(&sa, sizeof(struct sigaction));
    sa.sa_handler = civic_lua_budget_ticked;
    sa.sa_flags = SA_RESTART;
    (void) sigemptyset(&sa.sa_mask);

    /* to this thread: libcurl has others, which look up names */

    ngx_memzero(&event, sizeof(struct sigevent));
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = SIGPROF;
    event.sigev_notify_thread_id = (pid_t) syscall(SYS_gettid);

    if (sigaction(SIGPROF, &sa, NULL) == 0
        && timer_create(CLOCK_MONOTONIC, &event, &civic_lua_budget_timer.id)
           == 0)
    {
        civic_lua_budget_timer.pid = getpid();
    }
}


void
civic_lua_exit(void)
{
    if (civic_lua_budget_timer.pid == getpid()) {
        (void) timer_delete(civic_lua_budget_timer.id);
    }

    civic_lua_budget_timer.pid = 0;

    (void) signal(SIGPROF, SIG_IGN);
}


/* timer_settime() may be called by a signal's handler; 0: never */

static void
civic_lua_budget_every(long ns)
{
    struct itimerspec  every;

    every.it_interval.tv_sec = 0;
    every.it_interval.tv_nsec = ns;
    every.it_value = every.it_interval;

    civic_lua_budget_timer.idle = 0;
    civic_lua_budget_timer.armed = (ns != 0);

    (void) timer_settime(civic_lua_budget_timer.id, 0, &every, NULL);
}


/*
 * lua_sethook() is the one function of Lua that a signal may call.  That
 * nginx's wait was interrupted is nothing it would have to log.
 */

static void
civic_lua_budget_ticked(int signo)
{
    int              err;
    civic_lua_vm_t  *vm;

    err = errno;
    vm = civic_lua_budget_running;

    if (vm) {
        civic_lua_budget_timer.idle = 0;
        (void) lua_sethook(vm->L, civic_lua_budget_hook, LUA_MASKCOUNT, 1);

    } else if (++civic_lua_budget_timer.idle == CIVIC_LUA_BUDGET_IDLE) {
        civic_lua_budget_every(0);
    }

    ngx_event_timer_alarm = 1;
    errno = err;
}


void
civic_lua_budget_enter(civic_lua_vm_t *vm, civic_lua_run_t *run)
{
    ngx_uint_t  spent;

    vm->run = run;
    vm->stack = __builtin_frame_address(0);
    vm->wall = civic_lua_budget_clock(CLOCK_MONOTONIC);
    vm->inherited = 0;
    vm->charged = 0;

    if (run->collected != vm->memory.collected) {
        run->collected = vm->memory.collected;
        run->settled = run->allocated;
    }

    if (vm->wall - civic_lua_budget_base.wall > CIVIC_LUA_BUDGET_BASE) {
        civic_lua_budget_base.wall = vm->wall;
        civic_lua_budget_base.cpu =
                              civic_lua_budget_clock(CLOCK_THREAD_CPUTIME_ID);
    }

    vm->since = civic_lua_budget_base.cpu;

    /* the count begins anew: many short stretches are paid as whole ones */

    run->instructions += CIVIC_LUA_HOOK;

    spent = run->instructions > vm->budget.instructions
            || run->cpu > (uint64_t) vm->budget.cpu * 1000000;

    (void) lua_sethook(vm->L, civic_lua_budget_hook, LUA_MASKCOUNT,
                       spent || vm->memory.collect ? 1 : CIVIC_LUA_HOOK);

    /* in this order: a tick that sees it running does not stop */

    civic_lua_budget_running = vm;

    if (!civic_lua_budget_timer.armed && civic_lua_budget_timer.pid) {
        civic_lua_budget_every(CIVIC_LUA_BUDGET_TICK);
    }
}


void
civic_lua_budget_leave(civic_lua_vm_t *vm)
{
    civic_lua_budget_running = NULL;

    vm->run->cpu += civic_lua_budget_cpu(vm, CIVIC_LUA_BUDGET_EXACT);
    vm->run->inherited += vm->inherited;
    civic_lua_budget_count(vm, vm->run);

    vm->run = NULL;
}


void
civic_lua_budget_count(civic_lua_vm_t *vm, civic_lua_run_t *run)
{
    run->allocated += vm->memory.allocated - vm->memory.counted;
    vm->memory.counted = vm->memory.allocated;
}


/*
 * CPU time since it was resumed.  The clock that knows it is a system call,
 * so it is read only if more than `enough` has passed on the wall, and every
 * few milliseconds beforehand: both clocks bound the time from above.
 */

static uint64_t
civic_lua_budget_cpu(civic_lua_vm_t *vm, uint64_t enough)
{
    uint64_t  wall, cpu;

    wall = civic_lua_budget_clock(CLOCK_MONOTONIC) - vm->wall;

    if (wall <= enough) {
        return wall;
    }

    /* less than before: the process has forked meanwhile */

    cpu = civic_lua_budget_clock(CLOCK_THREAD_CPUTIME_ID);
    cpu = (cpu > vm->since) ? cpu - vm->since : wall;

    return ngx_min(wall, cpu);
}


void
civic_lua_budget_hurry(civic_lua_vm_t *vm)
{
    if (vm->run) {
        (void) lua_sethook(vm->L, civic_lua_budget_hook, LUA_MASKCOUNT, 1);
    }
}


void
civic_lua_budget_charge(civic_lua_vm_t *vm, size_t bytes)
{
    vm->charged += bytes;

    if (vm->charged >= CIVIC_LUA_CHARGE) {
        vm->charged = 0;
        civic_lua_budget_hurry(vm);
    }
}


void
civic_lua_budget_meter(lua_State *L)
{
    lua_pushcclosure(L, civic_lua_budget_metered, 1);
}


/*
 * LuaJIT bounds the Lua stack only: gsub that calls a function that calls
 * gsub, and so on, would overflow that of C.  Everything that calls back is
 * metered.
 */

static int
civic_lua_budget_metered(lua_State *L)
{
    civic_lua_vm_t  *vm;

    vm = civic_lua_vm_of(L);

    if (vm->stack - (char *) __builtin_frame_address(0)
        > CIVIC_LUA_BUDGET_STACK)
    {
        return civic_lua_sandbox_error(L, "C stack overflow");
    }

    switch (lua_type(L, 1)) {

    case LUA_TSTRING:
    case LUA_TTABLE:
        civic_lua_budget_charge(vm, CIVIC_LUA_BUDGET_WEIGHT
                                    * lua_objlen(L, 1));
    }

    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);

    return lua_gettop(L);
}


static void
civic_lua_budget_hook(lua_State *L, lua_Debug *ar)
{
    civic_lua_vm_t  *vm;

    vm = civic_lua_vm_of(L);

    if (vm->run == NULL) {
        return;
    }

    if (vm->kill == CIVIC_LUA_ALIVE && vm->memory.collect) {
        civic_lua_budget_share(L, vm);
    }

    if (vm->kill == CIVIC_LUA_ALIVE) {
        civic_lua_budget_check(L, vm);
    }

    if (vm->kill != CIVIC_LUA_ALIVE) {
        civic_lua_budget_die(L, vm);
        return;
    }

    (void) lua_sethook(L, civic_lua_budget_hook, LUA_MASKCOUNT,
                       CIVIC_LUA_HOOK);

    if (vm->gives_way) {
        (void) lua_yield(L, 0);
    }
}


static void
civic_lua_budget_check(lua_State *L, civic_lua_vm_t *vm)
{
    uint64_t  cpu, slice;

    vm->charged = 0;

    slice = vm->loaded ? (uint64_t) vm->budget.slice * 1000000 : 0;
    cpu = civic_lua_budget_spend(vm, CIVIC_LUA_HOOK);

    if (slice == 0 || cpu + vm->inherited <= slice
        || vm->kill != CIVIC_LUA_ALIVE)
    {
        return;
    }

    if (lua_isyieldable(L)) {
        vm->gives_way = 1;

    } else if (cpu > civic_lua_budget_longest(vm)) {
        vm->kill = CIVIC_LUA_KILLED_STRETCH;
    }
}


/* gives the CPU time since it was resumed, or something below it */

static uint64_t
civic_lua_budget_spend(civic_lua_vm_t *vm, ngx_uint_t work)
{
    uint64_t          cpu, left, slice;
    civic_lua_run_t  *run;

    run = vm->run;
    run->instructions += work;

    if (run->instructions > vm->budget.instructions) {
        vm->kill = CIVIC_LUA_KILLED_INSTRUCTIONS;
        return 0;
    }

    cpu = (uint64_t) vm->budget.cpu * 1000000;
    left = (cpu > run->cpu) ? cpu - run->cpu : 0;

    slice = vm->budget.slice ? (uint64_t) vm->budget.slice * 1000000 : left;

    cpu = civic_lua_budget_cpu(vm, ngx_min(left, slice));

    if (cpu > left) {
        vm->kill = CIVIC_LUA_KILLED_CPU;
    }

    return cpu;
}


void
civic_lua_budget_pay(lua_State *L, ngx_uint_t work)
{
    uint64_t         cpu;
    civic_lua_vm_t  *vm;

    vm = civic_lua_vm_of(L);

    if (vm->run == NULL) {
        return;
    }

    if (vm->kill == CIVIC_LUA_ALIVE) {
        cpu = civic_lua_budget_spend(vm, work);

        if (vm->kill == CIVIC_LUA_ALIVE
            && cpu > civic_lua_budget_longest(vm))
        {
            vm->kill = CIVIC_LUA_KILLED_STRETCH;
        }
    }

    if (vm->kill != CIVIC_LUA_ALIVE) {
        civic_lua_budget_where(L, vm);
        civic_lua_budget_hurry(vm);
        lua_pushnil(L);
        (void) lua_error(L);
    }
}


/* ns; while plugin.lua is loaded nothing gives way */

static uint64_t
civic_lua_budget_longest(const civic_lua_vm_t *vm)
{
    if (!vm->loaded || vm->budget.slice == 0) {
        return (uint64_t) -1;
    }

    return 1000000 * (uint64_t) ngx_max(vm->budget.cpu
                                        / CIVIC_LUA_BUDGET_SHARE,
                                        vm->budget.slice);
}


/*
 * The others' share of the time is taken out of the run's, on both clocks.
 * What was allocated before the last collection was shared then; but if it was
 * live then, it is only now that it goes.
 */

static void
civic_lua_budget_share(lua_State *L, civic_lua_vm_t *vm)
{
    uint64_t          cpu, own, all;
    civic_lua_run_t  *run;

    run = vm->run;

    civic_lua_budget_count(vm, run);

    own = run->allocated - run->settled;
    all = vm->memory.allocated - vm->memory.collected;

    if (!run->collects) {
        run->collects = 1;
        all = ngx_max(all, vm->memory.used);
    }

    cpu = civic_lua_budget_clock(CLOCK_THREAD_CPUTIME_ID);
    civic_lua_budget_collect(L, vm);
    cpu = civic_lua_budget_clock(CLOCK_THREAD_CPUTIME_ID) - cpu;

    run->collected = vm->memory.collected;
    run->settled = run->allocated;

    if (own < all) {
        cpu -= (uint64_t) ((double) cpu * own / all);

        vm->since += cpu;
        vm->wall += cpu;
        vm->inherited += cpu;
    }
}


/*
 * The line is at three quarters, and at least half way from what is live to
 * the cap, so that a full VM does not collect at every instruction.
 */

void
civic_lua_budget_collect(lua_State *L, civic_lua_vm_t *vm)
{
    size_t               cap;
    uint64_t             before;
    civic_lua_memory_t  *memory;

    memory = &vm->memory;
    cap = vm->budget.memory;
    before = memory->allocated;

    (void) lua_gc(L, LUA_GCCOLLECT, 0);

    /* tables of its own, which are no run's */

    memory->counted += memory->allocated - before;

    memory->soft = ngx_max(cap / 4 * 3, (memory->used + cap) / 2);
    memory->collect = 0;
    memory->collected = memory->allocated;
}


static void
civic_lua_budget_die(lua_State *L, civic_lua_vm_t *vm)
{
    civic_lua_budget_where(L, vm);

    (void) lua_sethook(L, civic_lua_budget_hook, LUA_MASKCOUNT, 1);

    if (lua_isyieldable(L)) {
        (void) lua_yield(L, 0);
        return;
    }

    lua_pushnil(L);
    (void) lua_error(L);
}


/* the plugin's line, the first time */

static void
civic_lua_budget_where(lua_State *L, civic_lua_vm_t *vm)
{
    int        level;
    lua_Debug  ar;

    for (level = 0; vm->where[0] == '\0' && level < 20; level++) {

        if (lua_getstack(L, level, &ar) == 0) {
            break;
        }

        (void) lua_getinfo(L, "Sl", &ar);

        if (ar.source[0] == '@' && ar.currentline > 0) {
            (void) snprintf(vm->where, sizeof(vm->where), "%s:%d: ",
                            ar.short_src, ar.currentline);
        }
    }
}


ngx_uint_t
civic_lua_budget_killed(civic_lua_vm_t *vm, ngx_pool_t *pool,
    civic_lua_failure_t *failure)
{
    switch (vm->kill) {

    case CIVIC_LUA_KILLED_INSTRUCTIONS:
        civic_lua_vm_fail(failure, pool, CIVIC_LUA_INSTRUCTIONS,
                          "%sended after %uz instructions", vm->where,
                          vm->budget.instructions);
        return 1;

    case CIVIC_LUA_KILLED_CPU:
        civic_lua_vm_fail(failure, pool, CIVIC_LUA_CPU,
                          "%sended after %M ms of CPU time", vm->where,
                          vm->budget.cpu);
        return 1;

    case CIVIC_LUA_KILLED_STRETCH:
        civic_lua_vm_fail(failure, pool, CIVIC_LUA_CPU,
                          "%sended in a call that did not give way for %uL "
                          "ms of CPU time", vm->where,
                          civic_lua_budget_longest(vm) / 1000000);
        return 1;

    case CIVIC_LUA_KILLED_MEMORY:
        vm->memory.soft = vm->memory.cap / 4 * 3;
        vm->memory.collect = 0;

        civic_lua_vm_fail(failure, pool, CIVIC_LUA_MEMORY,
                          "%sended at %uz bytes of memory", vm->where,
                          vm->memory.cap);
        return 1;

    default:
        return 0;
    }
}


static uint64_t
civic_lua_budget_clock(clockid_t clock)
{
    struct timespec  ts;

    (void) clock_gettime(clock, &ts);

    return (uint64_t) ts.tv_sec * 1000000000 + ts.tv_nsec;
}
