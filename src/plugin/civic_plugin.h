
/*
 * Copyright (C) Civic Gate
 *
 * Departments and their plugins: which exist, in which version and state,
 * and the routes they answer.  What a request to them does is in host/.
 *
 * This is the only header of plugin/ that others may include.
 */


#ifndef _CIVIC_PLUGIN_H_INCLUDED_
#define _CIVIC_PLUGIN_H_INCLUDED_


#include "civic.h"
#include "civic_lua.h"
#include "civic_plugin_manifest.h"
#include "civic_redis.h"
#include "civic_remote.h"


/* civic_department: const after start-up */

typedef struct {
    ngx_str_t                name;
    ngx_str_t                path;     /* absolute */
    ngx_array_t              prefixes; /* ngx_str_t */
    ngx_array_t              http;     /* civic_remote_t *: granted */
    ngx_array_t              calls;    /* ngx_str_t: "data/pay", granted */
    ngx_array_t              claims;   /* ngx_str_t */
    ngx_array_t              secrets;  /* ngx_keyval_t: name, contents */
    ngx_str_t                data;     /* "P4" */
    civic_redis_t           *redis;    /* NULL: no store granted */
    civic_lua_budget_t       budget;
    ngx_msec_t               timeout;  /* of one request, waits included */
    civic_pos_t              pos;
    unsigned                 scripts:1;
    unsigned                 off:1;
} civic_department_t;


typedef enum {
    CIVIC_PLUGIN_READY = 0,
    CIVIC_PLUGIN_NOT_LOADED,           /* no good version was ever seen */
    CIVIC_PLUGIN_STOPPED,              /* by ./civic plugin stop */
    CIVIC_PLUGIN_QUARANTINED           /* it kept failing */
} civic_plugin_state_e;


/* one version of a plugin in this worker; freed after its last use */

typedef struct {
    ngx_str_t                name;     /* "health/booking" */
    ngx_str_t                hash;     /* of the copy */
    ngx_str_t                folder;   /* the copy */
    const civic_department_t       *department;
    const civic_plugin_manifest_t  *manifest;
    civic_value_t            config;
    void                    *state;    /* owned by plugin/ */
} civic_plugin_t;


/* while the configuration is checked; NULL: there is none of that name */

const civic_department_t *civic_plugin_department(ngx_conf_t *cf,
    const ngx_str_t *name);

/* of a request whose route is a plugin's: the spec, or NULL */

const civic_plugin_route_spec_t *civic_plugin_route(
    const civic_route_t *route, civic_plugin_t **plugin);

/* by name; NULL: it is not loaded, or not known: there is no folder of it */

civic_plugin_t *civic_plugin_find(const ngx_str_t *name);
ngx_uint_t civic_plugin_known(const ngx_str_t *name);

/* all that this worker knows: civic_plugin_t *; const, until the next poll */

const ngx_array_t *civic_plugin_all(void);

/* another number whenever that list is another; 0: there is none yet */

uint64_t civic_plugin_generation(void);

/* whoever keeps a plugin across events holds it */

void civic_plugin_hold(civic_plugin_t *plugin);
void civic_plugin_release(civic_plugin_t *plugin);

/* civic_plugin_state_e, of a route; seconds if it rests; what is answered */

ngx_uint_t civic_plugin_state(const civic_plugin_t *plugin,
    const civic_plugin_route_spec_t *spec, ngx_uint_t *retry_after);
extern const civic_problem_e  civic_plugin_states[];

/* the VM, made on first use; NULL: `failure`, and it counts as one */

civic_lua_vm_t *civic_plugin_vm(civic_plugin_t *plugin, ngx_pool_t *pool,
    civic_lua_failure_t *failure);

/* each VM that was given is handed back, after civic_lua_run_end() */

void civic_plugin_vm_put(civic_plugin_t *plugin, civic_lua_vm_t *vm);

/*
 * Before and after each time that Lua runs: the watchdog ends a worker that
 * stays in between for too long.  `spec`: NULL, or one of its manifest's.
 */

void civic_plugin_enter(const civic_plugin_t *plugin,
    const civic_plugin_route_spec_t *spec);
void civic_plugin_leave(const civic_plugin_t *plugin);


/* how a request to a plugin ended, for metrics and quarantine */

typedef enum {
    CIVIC_PLUGIN_ANSWERED = 0,         /* problems of its own included */
    CIVIC_PLUGIN_FAILED,               /* error, bad value */
    CIVIC_PLUGIN_KILLED,               /* budget, memory */
    CIVIC_PLUGIN_OVERSTAYED,           /* the deadline passed in a wait */
    CIVIC_PLUGIN_ABANDONED             /* the client left */
} civic_plugin_outcome_e;


/* `run` may be NULL; `wall`: ns from its begin to its end, waits included */

void civic_plugin_account(civic_plugin_t *plugin,
    const civic_plugin_route_spec_t *spec, ngx_uint_t outcome,
    const civic_lua_run_t *run, uint64_t wall);


/*
 * Adds to a counter of the plugin's own.  NGX_OK, NGX_DECLINED: no name for
 * one (a-z 0-9 _ - . up to 48); NGX_BUSY: it has as many as it may.
 */

ngx_int_t civic_plugin_count(const civic_plugin_t *plugin,
    const ngx_str_t *name, uint64_t n);


/* what host/ gives, once: plugin/ knows no request, host/ no folder */

extern ngx_http_handler_pt  civic_plugin_content_handler;


#endif /* _CIVIC_PLUGIN_H_INCLUDED_ */
