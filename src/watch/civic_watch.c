
/*
 * Copyright (C) Civic Gate
 *
 * The watcher's passes.  A folder is judged when it has looked the same for
 * two passes, so that one that is being copied is left alone until it is
 * whole.  What is not good changes nothing but the reason that operators
 * see: the last good copy serves on.
 *
 * Departments share the watcher, which also ends workers that do not come
 * back: each has a share of the plugins that there is room for, and a turn
 * in each pass, behind which what else it changed waits for the next.
 *
 * One watcher at a time has the state folder, by a lock that ends with its
 * process: after a reload the new one waits for the old.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <dirent.h>
#include <sys/file.h>

#include "civic_watch.h"
#include "civic_watch_judge.h"
#include "civic_watch_keep.h"
#include "civic_watch_folder.h"
#include "civic_plugin_account.h"
#include "civic_plugin_routes.h"


#define CIVIC_WATCH_PASS   400         /* ms */
#define CIVIC_WATCH_GRACE  10000       /* ms that a folder may be missing */
#define CIVIC_WATCH_TURN   1000        /* ms of a pass, of one department */
#define CIVIC_WATCH_NAMES  4096        /* in a department's path */


static ngx_int_t civic_watch_lock(const civic_plugin_main_conf_t *pmcf);
static ngx_int_t civic_watch_start(civic_plugin_main_conf_t *pmcf);
static void civic_watch_restore_tenant(ngx_cycle_t *cycle,
    civic_plugin_main_conf_t *pmcf, civic_plugin_tenant_t *tenant);
static void civic_watch_restore_plugin(ngx_cycle_t *cycle,
    civic_plugin_main_conf_t *pmcf, const ngx_str_t *name);
static void civic_watch_known(civic_plugin_main_conf_t *pmcf);
static void civic_watch_tenant(civic_plugin_main_conf_t *pmcf,
    civic_plugin_tenant_t *tenant);
static void civic_watch_unread(civic_plugin_tenant_t *tenant);
static civic_watched_t *civic_watch_meet(civic_plugin_main_conf_t *pmcf,
    civic_plugin_tenant_t *tenant, const ngx_str_t *name);
static ngx_uint_t civic_watch_name(const char *name);
static civic_watched_t *civic_watch_find(const ngx_str_t *name);
static civic_watched_t *civic_watch_add(civic_plugin_main_conf_t *pmcf,
    civic_plugin_tenant_t *tenant, const ngx_str_t *name);
static ngx_int_t civic_watch_full_name(civic_plugin_tenant_t *tenant,
    const char *name, u_char *buf, ngx_str_t *full);
static void civic_watch_plugin(civic_watched_t *w);
static void civic_watch_absent(void);
static ngx_uint_t civic_watch_gone(civic_watched_t *w, uint64_t now);


static struct {
    int                      lock;
    ngx_pool_t              *pool;
    ngx_array_t              plugins;  /* civic_watched_t * */
    ngx_uint_t               pass;
} civic_watch;


ngx_msec_t
civic_watch_manager(void *data)
{
    civic_plugin_main_conf_t  *pmcf = data;

    ngx_uint_t               i;
    civic_plugin_tenant_t  **tenant;

    if (civic_plugin_zone() == NULL) {
        return 60 * 1000;
    }

    if (civic_watch.pool == NULL && civic_watch_start(pmcf) != NGX_OK) {
        return CIVIC_WATCH_PASS;
    }

    civic_plugin_account_watch(ngx_cycle->log);

    civic_watch.pass++;

    tenant = pmcf->tenants.elts;

    for (i = 0; i < pmcf->tenants.nelts; i++) {

        if (!tenant[i]->department.off) {
            civic_watch_tenant(pmcf, tenant[i]);
        }

        if (ngx_terminate || ngx_quit) {
            return CIVIC_WATCH_PASS;
        }
    }

    civic_watch_absent();

    return CIVIC_WATCH_PASS;
}


static ngx_int_t
civic_watch_start(civic_plugin_main_conf_t *pmcf)
{
    if (civic_watch_lock(pmcf) != NGX_OK) {
        return NGX_AGAIN;
    }

    civic_watch.pool = ngx_create_pool(4096, ngx_cycle->log);

    if (civic_watch.pool == NULL) {
        return NGX_ERROR;
    }

    if (ngx_array_init(&civic_watch.plugins, civic_watch.pool, 16,
                       sizeof(civic_watched_t *))
        != NGX_OK)
    {
        ngx_destroy_pool(civic_watch.pool);
        civic_watch.pool = NULL;
        return NGX_ERROR;
    }

    civic_watch_keep_sweep(pmcf);

    /* departments that a reload brought: what they had before is good */

    (void) civic_plugin_zone_claim_restore();
    civic_watch_restore((ngx_cycle_t *) ngx_cycle);
    civic_plugin_zone_restored();
    civic_watch_known(pmcf);

    return NGX_OK;
}


static ngx_int_t
civic_watch_lock(const civic_plugin_main_conf_t *pmcf)
{
    char  path[NGX_MAX_PATH];

    if (civic_watch.lock <= 0) {

        if (snprintf(path, sizeof(path), "%s/lock", pmcf->state->name.data)
            >= (int) sizeof(path))
        {
            return NGX_ERROR;
        }

        civic_watch.lock = open(path, O_RDWR|O_CREAT|O_NOFOLLOW|O_CLOEXEC,
                                0600);

        if (civic_watch.lock == -1) {
            ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, ngx_errno,
                          "civic plugin: open() \"%s\" failed", path);
            return NGX_ERROR;
        }
    }

    return flock(civic_watch.lock, LOCK_EX|LOCK_NB) == 0 ? NGX_OK : NGX_BUSY;
}


void
civic_watch_restore(ngx_cycle_t *cycle)
{
    ngx_uint_t                 i;
    civic_plugin_tenant_t    **tenant;
    civic_plugin_main_conf_t  *pmcf;

    pmcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_civic_plugin_module);
    tenant = pmcf->tenants.elts;

    for (i = 0; i < pmcf->tenants.nelts; i++) {

        if (!tenant[i]->department.off) {
            civic_watch_restore_tenant(cycle, pmcf, tenant[i]);
        }
    }
}


static void
civic_watch_restore_tenant(ngx_cycle_t *cycle,
    civic_plugin_main_conf_t *pmcf, civic_plugin_tenant_t *tenant)
{
    DIR            *dir;
    char            path[NGX_MAX_PATH];
    u_char          buf[CIVIC_PLUGIN_NAME_LEN];
    ngx_str_t       name;
    struct dirent  *entry;

    if (snprintf(path, sizeof(path), "%s/plugins/%.*s",
                 pmcf->state->name.data, (int) tenant->department.name.len,
                 tenant->department.name.data)
        >= (int) sizeof(path))
    {
        return;
    }

    dir = opendir(path);
    if (dir == NULL) {
        return;
    }

    while ((entry = readdir(dir)) != NULL) {

        if (civic_watch_name(entry->d_name)
            && civic_watch_full_name(tenant, entry->d_name, buf, &name)
               == NGX_OK)
        {
            civic_watch_restore_plugin(cycle, pmcf, &name);
        }
    }

    (void) closedir(dir);
}


static void
civic_watch_restore_plugin(ngx_cycle_t *cycle,
    civic_plugin_main_conf_t *pmcf, const ngx_str_t *name)
{
    civic_watch_kept_t      kept;
    civic_plugin_record_t   record;
    ngx_uint_t              i;

    i = civic_plugin_zone_find(name);

    if (i != CIVIC_PLUGIN_NONE) {
        civic_plugin_zone_read(i, &record);

        if (record.used) {
            return;
        }
    }

    civic_watch_keep_read(pmcf, name, &kept);

    if (kept.hash_len == 0) {
        return;
    }

    ngx_memzero(&record, sizeof(civic_plugin_record_t));

    record.used = 1;
    record.state = kept.stopped ? CIVIC_PLUGIN_STOPPED : CIVIC_PLUGIN_READY;
    record.name_len = name->len;
    ngx_memcpy(record.name, name->data, name->len);
    record.hash_len = kept.hash_len;
    ngx_memcpy(record.hash, kept.hash, kept.hash_len);
    record.version_len = kept.version_len;
    ngx_memcpy(record.version, kept.version, kept.version_len);

    if (civic_plugin_zone_publish(&record) == NGX_OK) {
        ngx_log_error(NGX_LOG_NOTICE, cycle->log, 0,
                      "civic plugin: \"%V\" %*s serves again as before",
                      name, (size_t) record.version_len, record.version);
    }
}


/* what is published belongs to somebody, whether he has a folder or not */

static void
civic_watch_known(civic_plugin_main_conf_t *pmcf)
{
    ngx_uint_t              i, n;
    ngx_str_t               name;
    civic_plugin_record_t   record;
    civic_plugin_tenant_t  *tenant;

    n = civic_plugin_zone_size();

    for (i = 0; i < n; i++) {
        civic_plugin_zone_read(i, &record);

        if (!record.used) {
            continue;
        }

        name.data = record.name;
        name.len = record.name_len;

        tenant = civic_plugin_department_of(pmcf, &name);

        if (tenant != NULL) {
            (void) civic_watch_add(pmcf, tenant, &name);

        } else {
            record.used = 0;
            (void) civic_plugin_zone_publish(&record);
        }
    }
}


static void
civic_watch_tenant(civic_plugin_main_conf_t *pmcf,
    civic_plugin_tenant_t *tenant)
{
    DIR              *dir;
    u_char            buf[CIVIC_PLUGIN_NAME_LEN];
    ngx_str_t         name;
    ngx_uint_t        n;
    civic_watched_t  *w;
    struct dirent    *entry;

    dir = opendir((char *) tenant->department.path.data);

    if (dir == NULL) {
        civic_watch_unread(tenant);
        return;
    }

    tenant->unread = 0;
    tenant->turn = civic_now_ns();

    for (n = 0; n < CIVIC_WATCH_NAMES && (entry = readdir(dir)) != NULL; n++)
    {
        if (!civic_watch_name(entry->d_name)
            || civic_watch_full_name(tenant, entry->d_name, buf, &name)
               != NGX_OK)
        {
            continue;
        }

        w = civic_watch_meet(pmcf, tenant, &name);

        if (w != NULL) {
            civic_watch_plugin(w);
        }
    }

    (void) closedir(dir);
}


/* a disk that is away takes no service with it */

static void
civic_watch_unread(civic_plugin_tenant_t *tenant)
{
    ngx_uint_t         i;
    civic_watched_t  **w;

    if (!tenant->unread) {
        tenant->unread = 1;
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, ngx_errno,
                      "civic plugin: the folder \"%V\" of civic_department "
                      "\"%V\" cannot be read",
                      &tenant->department.path, &tenant->department.name);
    }

    w = civic_watch.plugins.elts;

    for (i = 0; i < civic_watch.plugins.nelts; i++) {
        if (w[i]->tenant == tenant) {
            w[i]->missing = 0;
            civic_watch_judge_words(w[i]);
        }
    }
}


/* NULL: no memory, or the department has its share of plugins already */

static civic_watched_t *
civic_watch_meet(civic_plugin_main_conf_t *pmcf,
    civic_plugin_tenant_t *tenant, const ngx_str_t *name)
{
    ngx_uint_t        share;
    civic_watched_t  *w;

    w = civic_watch_find(name);

    if (w != NULL) {
        return w;
    }

    share = ngx_max(CIVIC_PLUGIN_MAX / pmcf->tenants.nelts, 1);

    if (tenant->watched < share) {
        return civic_watch_add(pmcf, tenant, name);
    }

    if (!tenant->crowded) {
        tenant->crowded = 1;
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "civic plugin: civic_department \"%V\" has more than "
                      "%ui folders, which is its share: \"%V\" is one of "
                      "those that are not looked at",
                      &tenant->department.name, share, name);
    }

    return NULL;
}


/* as part of paths, keys and labels: small letters, digits, "-" */

static ngx_uint_t
civic_watch_name(const char *name)
{
    size_t  i;

    for (i = 0; name[i]; i++) {

        if (!((name[i] >= 'a' && name[i] <= 'z')
              || (i && name[i] >= '0' && name[i] <= '9')
              || (i && name[i] == '-')))
        {
            return 0;
        }
    }

    return i > 0 && i <= 48;
}


static ngx_int_t
civic_watch_full_name(civic_plugin_tenant_t *tenant, const char *name,
    u_char *buf, ngx_str_t *full)
{
    u_char  *p;

    p = ngx_slprintf(buf, buf + CIVIC_PLUGIN_NAME_LEN, "%V/%s",
                     &tenant->department.name, name);

    full->data = buf;
    full->len = p - buf;

    return full->len < CIVIC_PLUGIN_NAME_LEN ? NGX_OK : NGX_ERROR;
}


static civic_watched_t *
civic_watch_find(const ngx_str_t *name)
{
    ngx_uint_t         i;
    civic_watched_t  **w;

    w = civic_watch.plugins.elts;

    for (i = 0; i < civic_watch.plugins.nelts; i++) {

        if (w[i]->name.len == name->len
            && ngx_memcmp(w[i]->name.data, name->data, name->len) == 0)
        {
            return w[i];
        }
    }

    return NULL;
}


static civic_watched_t *
civic_watch_add(civic_plugin_main_conf_t *pmcf,
    civic_plugin_tenant_t *tenant, const ngx_str_t *name)
{
    civic_watched_t  *w, **slot;

    w = civic_watch_judge_create(pmcf, tenant, name);
    if (w == NULL) {
        return NULL;
    }

    slot = ngx_array_push(&civic_watch.plugins);

    if (slot == NULL) {
        ngx_destroy_pool(w->pool);
        return NULL;
    }

    *slot = w;
    tenant->watched++;

    return w;
}


static void
civic_watch_plugin(civic_watched_t *w)
{
    uint64_t     sign;
    struct stat  st;

    if (civic_watch_folder_sign(&w->path, &sign) != NGX_OK) {

        /* a link to somewhere, or a folder that is not for us to read */

        sign = lstat((char *) w->path.data, &st) == 0
               && (S_ISLNK(st.st_mode) || S_ISDIR(st.st_mode));
    }

    if (sign == 0 && !w->known) {
        return;
    }

    if (sign != 0) {
        w->seen = civic_watch.pass;
        w->missing = 0;
    }

    civic_watch_judge_words(w);

    if (sign == 0 || w->pinned) {
        w->judged = 0;
        return;
    }

    if (sign != w->sign) {
        w->sign = sign;
        return;
    }

    if (sign != w->judged
        && civic_now_ns() - w->tenant->turn
           < (uint64_t) CIVIC_WATCH_TURN * 1000000)
    {
        w->judged = sign;
        civic_watch_judge(w);
    }
}


/* what has neither a folder nor a service is no longer of interest */

static void
civic_watch_absent(void)
{
    uint64_t           now;
    ngx_uint_t         i;
    civic_watched_t  **w;

    w = civic_watch.plugins.elts;
    now = civic_now_ns() / 1000000;

    for (i = 0; i < civic_watch.plugins.nelts; /* void */ ) {

        if (w[i]->seen == civic_watch.pass || !civic_watch_gone(w[i], now)) {
            i++;
            continue;
        }

        w[i]->tenant->watched--;
        ngx_destroy_pool(w[i]->pool);
        w[i] = w[--civic_watch.plugins.nelts];
    }
}


/* a folder that is gone takes its service with it, after a while */

static ngx_uint_t
civic_watch_gone(civic_watched_t *w, uint64_t now)
{
    if (!w->known) {
        return 1;
    }

    if (ngx_file_info(w->tenant->department.path.data, &w->info)
        == NGX_FILE_ERROR)
    {
        return 0;
    }

    if (w->missing == 0) {
        w->missing = now;

    } else if (now - w->missing >= CIVIC_WATCH_GRACE) {
        civic_watch_judge_withdraw(w);
    }

    return !w->known;
}
