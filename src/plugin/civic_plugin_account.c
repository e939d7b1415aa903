
/*
 * Copyright (C) Civic Gate
 *
 * Outcomes, quarantine and the watchdog.  Budgets stop a plugin that loops;
 * what they cannot see, a single C function that works for seconds, holds
 * up the whole worker.  The watchdog ends that worker as the last resort,
 * and nginx starts another: the requests in it are lost, the gate is not.
 * A worker that is inside for long because the machine gave it no time does
 * no harm, and neither does its plugin.
 */


#include "civic_plugin_registry.h"
#include "civic_plugin_account.h"
#include "civic_plugin_tally.h"


static ngx_int_t civic_plugin_account_take(civic_plugin_seat_t *seat,
    ngx_uint_t i);
static ngx_uint_t civic_plugin_account_works(ngx_uint_t i, int64_t pid,
    uint64_t since, uint64_t now);
static ngx_int_t civic_plugin_account_cpu(int64_t pid, uint64_t *cpu);
static void civic_plugin_account_end(civic_plugin_seat_t *seat, int64_t pid,
    uint64_t since, ngx_log_t *log);


/* what the watcher saw of a seat when it first saw it inside this time */

typedef struct {
    int64_t                  pid;
    uint64_t                 since;
    uint64_t                 cpu;      /* ns, of the process */
} civic_plugin_sight_t;


const civic_problem_e  civic_plugin_states[] = {
    CIVIC_OK,
    CIVIC_UNLOADED,
    CIVIC_STOPPED,
    CIVIC_QUARANTINED
};


static civic_plugin_seat_t  *civic_plugin_account_seat;
static ngx_uint_t            civic_plugin_account_index;
static ngx_uint_t            civic_plugin_account_depth;
static civic_plugin_sight_t  civic_plugin_account_sights[CIVIC_PLUGIN_SEATS];


void
civic_plugin_account_sit(ngx_log_t *log)
{
    ngx_uint_t            i;
    civic_plugin_zone_t  *zone;

    civic_plugin_account_seat = NULL;
    civic_plugin_account_depth = 0;

    zone = civic_plugin_zone();

    for (i = 0; zone && i < CIVIC_PLUGIN_SEATS; i++) {

        if (civic_plugin_account_take(&zone->sh->seats[i], i) == NGX_OK) {
            return;
        }
    }

    ngx_log_error(NGX_LOG_WARN, log, 0,
                  "civic plugin: more than %d workers: the watchdog does not "
                  "see this one", CIVIC_PLUGIN_SEATS);
}


/* a seat whose process is gone is free; so is what it said of memory */

static ngx_int_t
civic_plugin_account_take(civic_plugin_seat_t *seat, ngx_uint_t i)
{
    int64_t     pid;
    ngx_uint_t  n;

    pid = __atomic_load_n(&seat->pid, __ATOMIC_ACQUIRE);

    if (pid != 0 && (kill((pid_t) pid, 0) == 0 || ngx_errno != ESRCH)) {
        return NGX_BUSY;
    }

    if (!__atomic_compare_exchange_n(&seat->pid, &pid, (int64_t) ngx_pid, 0,
                                     __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
    {
        return NGX_BUSY;
    }

    __atomic_store_n(&seat->since, 0, __ATOMIC_RELEASE);

    for (n = 0; n < CIVIC_PLUGIN_MAX; n++) {
        civic_plugin_zone_entry(n)->memory[i] = 0;
    }

    civic_plugin_account_seat = seat;
    civic_plugin_account_index = i;

    return NGX_OK;
}


void
civic_plugin_account_rise(void)
{
    ngx_uint_t  n;

    if (civic_plugin_account_seat == NULL) {
        return;
    }

    for (n = 0; n < CIVIC_PLUGIN_MAX; n++) {
        civic_plugin_zone_entry(n)->memory[civic_plugin_account_index] = 0;
    }

    __atomic_store_n(&civic_plugin_account_seat->pid, 0, __ATOMIC_RELEASE);
    civic_plugin_account_seat = NULL;
}


void
civic_plugin_account_memory(ngx_uint_t entry, size_t size)
{
    if (civic_plugin_account_seat != NULL) {
        civic_plugin_zone_entry(entry)->memory[civic_plugin_account_index] =
                                                  (uint32_t) (size / 1024);
    }
}


void
civic_plugin_enter(const civic_plugin_t *plugin,
    const civic_plugin_route_spec_t *spec)
{
    const civic_plugin_item_t  *item = plugin->state;

    civic_plugin_seat_t  *seat;

    seat = civic_plugin_account_seat;

    if (civic_plugin_account_depth++ == 0 && seat != NULL) {
        seat->entry = item->entry;
        seat->place = civic_plugin_tally_place(plugin, spec);
        __atomic_store_n(&seat->since, civic_now_ns(), __ATOMIC_RELEASE);
    }
}


void
civic_plugin_leave(const civic_plugin_t *plugin)
{
    civic_plugin_seat_t  *seat;

    seat = civic_plugin_account_seat;

    if (--civic_plugin_account_depth == 0 && seat != NULL) {
        __atomic_store_n(&seat->since, 0, __ATOMIC_RELEASE);
    }
}


ngx_uint_t
civic_plugin_state(const civic_plugin_t *plugin,
    const civic_plugin_route_spec_t *spec, ngx_uint_t *retry_after)
{
    const civic_plugin_item_t  *item = plugin->state;

    uint64_t              rests, more;
    ngx_uint_t            state;
    civic_plugin_place_t  place;

    if (item->hollow) {
        return CIVIC_PLUGIN_NOT_LOADED;
    }

    if (item->entry == CIVIC_PLUGIN_NONE) {
        return CIVIC_PLUGIN_READY;
    }

    state = __atomic_load_n(&civic_plugin_zone_entry(item->entry)
                             ->record.state, __ATOMIC_RELAXED);

    if (state != CIVIC_PLUGIN_READY) {
        return state;
    }

    place = civic_plugin_tally_place(plugin, spec);

    rests = civic_plugin_zone_rests(&civic_plugin_zone_entry(item->entry)
                                     ->trouble);
    more = civic_plugin_zone_rests(civic_plugin_tally_trouble(item->entry,
                                                              &place));
    rests = ngx_max(rests, more);

    if (rests == 0) {
        return CIVIC_PLUGIN_READY;
    }

    if (retry_after != NULL) {
        *retry_after = (rests + 999) / 1000;
    }

    return CIVIC_PLUGIN_QUARANTINED;
}


/*
 * A success speaks for its own route: a schedule that works says nothing of
 * a route that does not.  Without a VM nothing runs, so all of it rests.
 *
 * Deadlines that passed in a wait are mostly somebody else's slowness, and
 * say nothing about the plugin; a client that left says nothing at all.
 */

void
civic_plugin_account(civic_plugin_t *plugin,
    const civic_plugin_route_spec_t *spec, ngx_uint_t outcome,
    const civic_lua_run_t *run, uint64_t wall)
{
    civic_plugin_item_t  *item = plugin->state;

    uint64_t                 rest;
    civic_plugin_entry_t    *entry;
    civic_plugin_place_t     place;
    civic_plugin_tally_t    *tally;
    civic_plugin_trouble_t  *trouble;

    static const ngx_str_t   whole = ngx_string("all of it");
    static const ngx_str_t   apart = ngx_string("timers, schedules, filters");

    if (item->entry == CIVIC_PLUGIN_NONE) {
        return;
    }

    place = civic_plugin_tally_place(plugin, spec);
    tally = civic_plugin_tally_at(item->entry, &place);
    entry = civic_plugin_zone_entry(item->entry);

    (void) __atomic_fetch_add(&entry->outcomes[outcome], 1,
                              __ATOMIC_RELAXED);
    (void) __atomic_fetch_add(&tally->outcomes[outcome], 1,
                              __ATOMIC_RELAXED);
    (void) __atomic_fetch_add(&tally->wall, wall, __ATOMIC_RELAXED);

    if (run != NULL) {
        (void) __atomic_fetch_add(&entry->cpu, run->cpu + run->inherited,
                                  __ATOMIC_RELAXED);
        civic_plugin_tally_run(tally, run);
    }

    trouble = run ? civic_plugin_tally_trouble(item->entry, &place)
                  : &entry->trouble;

    if (outcome == CIVIC_PLUGIN_ANSWERED) {
        civic_plugin_zone_succeeded(trouble);
        civic_plugin_zone_succeeded(&entry->trouble);
        return;
    }

    if (outcome != CIVIC_PLUGIN_FAILED && outcome != CIVIC_PLUGIN_KILLED) {
        return;
    }

    rest = civic_plugin_zone_failed(item->entry, trouble);

    if (rest != 0) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "civic plugin: \"%V\" keeps failing and is left alone "
                      "for %uLs: %V", &plugin->name, rest / 1000,
                      trouble == &entry->trouble ? &whole
                      : spec ? &spec->key : &apart);
    }
}


void
civic_plugin_account_watch(ngx_log_t *log)
{
    int64_t               pid;
    uint64_t              now, since;
    ngx_uint_t            i;
    civic_plugin_seat_t  *seat;

    now = civic_now_ns();

    for (i = 0; i < CIVIC_PLUGIN_SEATS; i++) {
        seat = &civic_plugin_zone()->sh->seats[i];
        since = __atomic_load_n(&seat->since, __ATOMIC_ACQUIRE);

        if (since == 0) {
            continue;
        }

        pid = __atomic_load_n(&seat->pid, __ATOMIC_ACQUIRE);

        if (civic_plugin_account_works(i, pid, since, now)) {
            civic_plugin_account_end(seat, pid, since, log);
        }
    }
}


static ngx_uint_t
civic_plugin_account_works(ngx_uint_t i, int64_t pid, uint64_t since,
    uint64_t now)
{
    uint64_t               cpu;
    civic_plugin_sight_t  *sight;

    sight = &civic_plugin_account_sights[i];

    if (sight->pid == pid && sight->since == since) {
        return now > since
               && (now - since) / 1000000 > CIVIC_PLUGIN_WATCHDOG
               && civic_plugin_account_cpu(pid, &cpu) == NGX_OK
               && (cpu - sight->cpu) / 1000000 > CIVIC_PLUGIN_WATCHDOG / 2;
    }

    if (civic_plugin_account_cpu(pid, &cpu) == NGX_OK) {
        sight->pid = pid;
        sight->since = since;
        sight->cpu = cpu;
    }

    return 0;
}


/* NGX_OK, or NGX_DECLINED: there is no such process */

static ngx_int_t
civic_plugin_account_cpu(int64_t pid, uint64_t *cpu)
{
    clockid_t        id;
    struct timespec  ts;

    if (pid == 0
        || clock_getcpuclockid((pid_t) pid, &id) != 0
        || clock_gettime(id, &ts) == -1)
    {
        return NGX_DECLINED;
    }

    *cpu = (uint64_t) ts.tv_sec * 1000000000 + ts.tv_nsec;

    return NGX_OK;
}


static void
civic_plugin_account_end(civic_plugin_seat_t *seat, int64_t pid,
    uint64_t since, ngx_log_t *log)
{
    ngx_str_t              name;
    civic_plugin_entry_t  *entry;
    civic_plugin_place_t   place;
    civic_plugin_tally_t  *tally;
    civic_plugin_record_t  record;

    place = seat->place;

    if (seat->entry >= CIVIC_PLUGIN_MAX
        || __atomic_load_n(&seat->pid, __ATOMIC_ACQUIRE) != pid
        || __atomic_load_n(&seat->since, __ATOMIC_ACQUIRE) != since)
    {
        return;
    }

    civic_plugin_zone_read(seat->entry, &record);

    name.data = record.name;
    name.len = record.name_len;

    ngx_log_error(NGX_LOG_ERR, log, 0,
                  "civic plugin: worker %L is inside the Lua of \"%V\" for "
                  "more than %dms and is killed", pid, &name,
                  CIVIC_PLUGIN_WATCHDOG);

    if (kill((pid_t) pid, SIGKILL) == -1 && ngx_errno != ESRCH) {
        ngx_log_error(NGX_LOG_ERR, log, ngx_errno,
                      "civic plugin: worker %L cannot be killed", pid);
        return;
    }

    __atomic_store_n(&seat->since, 0, __ATOMIC_RELEASE);

    entry = civic_plugin_zone_entry(seat->entry);
    tally = civic_plugin_tally_at(seat->entry, &place);

    (void) __atomic_fetch_add(&entry->deaths, 1, __ATOMIC_RELAXED);
    (void) __atomic_fetch_add(&tally->deaths, 1, __ATOMIC_RELAXED);
    (void) civic_plugin_zone_failed(seat->entry, &entry->trouble);
}
