
/*
 * Copyright (C) Civic Gate
 *
 * A plugin's virtual machine.  It touches nothing of nginx: values go in
 * and out, and whatever it wants done is an operation, a name and values,
 * that whoever runs it carries out.  So the same VM can live in a worker or
 * in a process of its own.
 *
 * A VM has a cap on its memory; a run has a budget of instructions and CPU
 * time, which pcall cannot outwit.  No call below ever throws or blocks.  No
 * other header of lua/ may be included by others.
 */


#ifndef _CIVIC_LUA_H_INCLUDED_
#define _CIVIC_LUA_H_INCLUDED_


#include "civic_value.h"


typedef struct civic_lua_vm_s  civic_lua_vm_t;

typedef struct {
    size_t                   memory;   /* bytes, of the VM */
    size_t                   instructions; /* of one run; a multiple of
                                              what the hook counts */
    ngx_msec_t               cpu;      /* of one run */
    ngx_msec_t               slice;    /* CPU time until it gives way;
                                          0: it never does */
} civic_lua_budget_t;

typedef struct {
    ngx_str_t                name;     /* DEPARTMENT/NAME, for messages */
    ngx_str_t                folder;   /* holds plugin.lua and lib/ */
    civic_lua_budget_t       budget;
    const civic_value_t     *config;   /* civic.config, read-only; or NULL */
    const civic_value_t     *problems; /* names that civic.problem knows */
} civic_lua_conf_t;


/* why a run or a load ended without a result */

typedef enum {
    CIVIC_LUA_ERROR = 0,               /* its own mistake: message */
    CIVIC_LUA_PROBLEM,                 /* civic.problem(code, fields) */
    CIVIC_LUA_INSTRUCTIONS,            /* budget spent: killed */
    CIVIC_LUA_CPU,                     /* likewise */
    CIVIC_LUA_MEMORY,                  /* the VM's cap was hit */
    CIVIC_LUA_VALUE                    /* what it gave cannot cross */
} civic_lua_failure_e;

typedef struct {
    ngx_uint_t               kind;     /* civic_lua_failure_e */
    ngx_str_t                message;  /* for the operator: FILE:LINE: why */
    ngx_str_t                code;     /* of a problem */
    civic_value_t            fields;   /* of a problem, or nil */
} civic_lua_failure_t;

typedef struct {
    ngx_str_t                name;     /* "store.command" */
    civic_value_t           *args;
    ngx_uint_t               nargs;
} civic_lua_operation_t;

/*
 * One call of one of the plugin's functions, parked at each operation.
 * Values that it gives lie in the run's pool.
 */

typedef struct {
    civic_lua_vm_t          *vm;
    ngx_pool_t              *pool;     /* the caller's: at least as long */
    civic_value_t           *results;
    ngx_uint_t               nresults;
    civic_lua_operation_t    operation;
    civic_lua_failure_t      failure;
    uint64_t                 instructions; /* spent so far */
    uint64_t                 cpu;      /* ns, likewise */
    uint64_t                 inherited; /* ns beside that: others' garbage */
    uint64_t                 allocated; /* bytes so far; of these, */
    uint64_t                 settled;  /* those before the last collection, */
    uint64_t                 collected; /* which was at this byte of the VM */
    unsigned                 collects:1; /* it had the VM collect */
    void                    *state;    /* owned by lua/ */
} civic_lua_run_t;


/*
 * Makes the VM and runs plugin.lua within the budget; it must return a
 * table.  NULL: `failure` says why (strings in `pool`); kind ERROR also if
 * there is no memory for the VM at all.  Reads the files at once: for
 * start-up and first use, from local copies.
 */

civic_lua_vm_t *civic_lua_vm_create(const civic_lua_conf_t *conf,
    ngx_pool_t *pool, ngx_log_t *log, civic_lua_failure_t *failure);

/*
 * exit: ends the ticks of time (SIGPROF), before this code is unloaded.
 * destroy: no run may be left.  has: did plugin.lua return that function?
 * broken: killed by its memory cap, it may be in any state: make another.
 */

void civic_lua_exit(void);
void civic_lua_vm_destroy(civic_lua_vm_t *vm);
ngx_uint_t civic_lua_vm_has(const civic_lua_vm_t *vm, const ngx_str_t *name);
size_t civic_lua_vm_memory(const civic_lua_vm_t *vm);
ngx_uint_t civic_lua_vm_broken(const civic_lua_vm_t *vm);

/*
 * start, resume, raise, fail and go_on return
 *
 *     NGX_OK      it returned: run->results
 *     NGX_AGAIN   it waits for run->operation: resume, raise, fail or end
 *     NGX_BUSY    it gave way, or one of its VM did that has to go on first:
 *                 go_on or end, soon
 *     NGX_ERROR   it failed: run->failure
 *
 * civic_lua_run_end() is called once for each run that was started, after
 * any of these; a run that waits is abandoned with it.
 */

ngx_int_t civic_lua_run_start(civic_lua_run_t *run, civic_lua_vm_t *vm,
    ngx_pool_t *pool, const ngx_str_t *function, const civic_value_t *args,
    ngx_uint_t nargs);
ngx_int_t civic_lua_run_resume(civic_lua_run_t *run,
    const civic_value_t *results, ngx_uint_t nresults);
ngx_int_t civic_lua_run_go_on(civic_lua_run_t *run);

/* raise: a problem, which pcall may catch; fail: an error at its own line */

ngx_int_t civic_lua_run_raise(civic_lua_run_t *run, const ngx_str_t *code,
    const civic_value_t *fields);
ngx_int_t civic_lua_run_fail(civic_lua_run_t *run, const ngx_str_t *message);
void civic_lua_run_end(civic_lua_run_t *run);

/* a module of lua/civic/ or script of lua/redis/; NULL: no such name */

typedef struct {
    ngx_str_t                name;     /* "civic.capacity"; "capacity_hold" */
    ngx_str_t                text;
} civic_lua_source_t;

const civic_lua_source_t *civic_lua_script(const ngx_str_t *name);


#endif /* _CIVIC_LUA_H_INCLUDED_ */
