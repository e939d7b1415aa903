
/*
 * Copyright (C) Civic Gate
 *
 * The verdict: the folder is read into memory once, and that is what is
 * hashed, checked against manifest, grant and neighbours, tried in a child,
 * kept and published.  Each step adds its complaints; the first that has
 * any ends it.
 */


#include "civic_watch_claim.h"
#include "civic_watch_judge.h"
#include "civic_watch_folder.h"
#include "civic_watch_keep.h"
#include "civic_watch_trial.h"
#include "civic_plugin_admit.h"
#include "civic_plugin_registry.h"


static civic_plugin_t *civic_watch_judge_kept(civic_watched_t *w,
    const ngx_str_t *hash, const ngx_str_t *folder,
    civic_plugin_errors_t *errors);
static void civic_watch_judge_recheck(civic_watched_t *w);
static void civic_watch_judge_again(civic_watched_t *w);
static ngx_uint_t civic_watch_judge_settled(const struct timespec *mtime);
static void civic_watch_judge_pin(civic_watched_t *w,
    const civic_watch_kept_t *kept);
static ngx_int_t civic_watch_judge_folder(civic_watched_t *w,
    civic_watch_folder_t *folder, ngx_pool_t *pool,
    civic_plugin_errors_t *errors);
static ngx_int_t civic_watch_judge_copy(civic_watched_t *w,
    const ngx_str_t *hash, const ngx_str_t *temp, ngx_pool_t *pool,
    civic_plugin_errors_t *errors);
static void civic_watch_judge_accept(civic_watched_t *w,
    const civic_plugin_t *plugin);
static void civic_watch_judge_reject(civic_watched_t *w,
    const civic_plugin_errors_t *errors);
static void civic_watch_judge_reason(civic_watched_t *w,
    const civic_plugin_errors_t *errors);
static void civic_watch_judge_publish(civic_watched_t *w);
static ngx_uint_t civic_watch_judge_same(const civic_watched_t *w,
    const ngx_str_t *hash);


civic_watched_t *
civic_watch_judge_create(civic_plugin_main_conf_t *pmcf,
    civic_plugin_tenant_t *tenant, const ngx_str_t *name)
{
    size_t            len;
    u_char           *last;
    ngx_uint_t        i;
    ngx_pool_t       *pool;
    civic_watched_t  *w;

    pool = ngx_create_pool(4096, ngx_cycle->log);
    if (pool == NULL) {
        return NULL;
    }

    len = tenant->department.path.len + 1 + name->len + 1;

    w = ngx_pcalloc(pool, sizeof(civic_watched_t));

    if (w == NULL) {
        ngx_destroy_pool(pool);
        return NULL;
    }

    w->pool = pool;
    w->pmcf = pmcf;
    w->tenant = tenant;
    w->name.len = name->len;
    w->name.data = ngx_pstrdup(pool, (ngx_str_t *) name);
    w->path.data = ngx_pnalloc(pool, len);

    if (w->name.data == NULL || w->path.data == NULL) {
        ngx_destroy_pool(pool);
        return NULL;
    }

    last = ngx_snprintf(w->path.data, len, "%V/%*s%Z",
                        &tenant->department.path,
                        name->len - tenant->department.name.len - 1,
                        name->data + tenant->department.name.len + 1);
    w->path.len = last - w->path.data - 1;

    i = civic_plugin_zone_find(name);

    if (i != CIVIC_PLUGIN_NONE) {
        civic_plugin_zone_read(i, &w->record);
        w->known = w->record.used;
    }

    if (w->known) {
        w->stopped = (w->record.state == CIVIC_PLUGIN_STOPPED);
        civic_watch_judge_recheck(w);

    } else {
        ngx_memzero(&w->record, sizeof(civic_plugin_record_t));
        w->record.name_len = name->len;
        ngx_memcpy(w->record.name, name->data, name->len);
    }

    return w;
}


/* a copy that served, under what the configuration says now; NULL: errors */

static civic_plugin_t *
civic_watch_judge_kept(civic_watched_t *w, const ngx_str_t *hash,
    const ngx_str_t *folder, civic_plugin_errors_t *errors)
{
    civic_plugin_t  *plugin;

    plugin = civic_plugin_load(&w->tenant->department, &w->name, hash, folder,
                               CIVIC_PLUGIN_NONE, errors);

    if (plugin != NULL) {
        civic_plugin_admit((ngx_cycle_t *) ngx_cycle, plugin, errors);
        civic_plugin_admit_beside(w->pmcf, plugin, NULL, errors);
    }

    return plugin;
}


/*
 * What served under another configuration may not be granted any more, or
 * its paths may be nginx's by now.
 */

static void
civic_watch_judge_recheck(civic_watched_t *w)
{
    ngx_str_t              hash, folder;
    ngx_pool_t            *pool;
    civic_plugin_t        *plugin;
    civic_plugin_errors_t  errors;

    w->good = 0;

    if (w->record.hash_len == 0) {
        return;
    }

    pool = ngx_create_pool(4096, ngx_cycle->log);
    if (pool == NULL) {
        return;
    }

    hash.data = w->record.hash;
    hash.len = w->record.hash_len;

    if (civic_plugin_errors_init(&errors, pool) == NGX_OK
        && civic_plugin_folder(pool, w->pmcf, &w->name, &hash, &folder)
           == NGX_OK)
    {
        plugin = civic_watch_judge_kept(w, &hash, &folder, &errors);

        if (plugin != NULL) {
            civic_watch_claim(w, &plugin->manifest->prefixes);
            civic_plugin_release(plugin);

        } else {
            civic_watch_claim_folder(w, NULL);
        }

        w->good = (errors.list.nelts == 0
                   && w->record.state != CIVIC_PLUGIN_NOT_LOADED);

        if (errors.list.nelts != 0) {
            civic_watch_judge_reason(w, &errors);
            civic_watch_judge_publish(w);

        } else if (!w->good) {
            civic_watch_judge_again(w);
        }
    }

    ngx_destroy_pool(pool);
}


/* what was taken for want of a grant has it again, whatever its folder */

static void
civic_watch_judge_again(civic_watched_t *w)
{
    ngx_str_t           hash;
    civic_watch_kept_t  kept;

    civic_watch_keep_read(w->pmcf, &w->name, &kept);

    hash.data = kept.hash;
    hash.len = kept.hash_len;

    if (civic_watch_judge_same(w, &hash)) {
        w->good = 1;
        w->stopped = kept.stopped;
        w->record.reason_len = 0;
        civic_watch_judge_publish(w);
    }
}


/*
 * Its place in state/ changes whenever a file there comes or goes.  The
 * kernel's clock for that ticks slowly: another change within the tick looks
 * like the same, so that a young time is not relied on.
 */

void
civic_watch_judge_words(civic_watched_t *w)
{
    char                path[NGX_MAX_PATH];
    ngx_uint_t          stopped;
    struct stat         st;
    civic_watch_kept_t  kept;

    if (snprintf(path, sizeof(path), "%s/plugins/%.*s",
                 w->pmcf->state->name.data, (int) w->name.len, w->name.data)
        >= (int) sizeof(path)
        || stat(path, &st) == -1
        || (st.st_mtim.tv_sec == w->kept.tv_sec
            && st.st_mtim.tv_nsec == w->kept.tv_nsec))
    {
        return;
    }

    if (civic_watch_judge_settled(&st.st_mtim)) {
        w->kept = st.st_mtim;
    }

    civic_watch_keep_read(w->pmcf, &w->name, &kept);

    stopped = w->stopped;
    w->stopped = kept.stopped;

    if (w->known && stopped != w->stopped) {
        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                      "civic plugin: \"%V\" was %s", &w->name,
                      w->stopped ? "stopped" : "started");
        civic_watch_judge_publish(w);
    }

    if (kept.pin_len != 0) {
        civic_watch_judge_pin(w, &kept);

    } else if (w->pinned) {
        w->pinned = 0;
        w->judged = 0;
    }
}


static ngx_uint_t
civic_watch_judge_settled(const struct timespec *mtime)
{
    struct timespec  now;

    (void) clock_gettime(CLOCK_REALTIME, &now);

    return now.tv_sec > mtime->tv_sec + 1;
}


static void
civic_watch_judge_pin(civic_watched_t *w, const civic_watch_kept_t *kept)
{
    ngx_str_t              hash, folder, version;
    ngx_pool_t            *pool;
    civic_plugin_t        *plugin;
    civic_plugin_errors_t  errors;

    hash.data = (u_char *) kept->pin;
    hash.len = kept->pin_len;

    if (w->pinned
        && ngx_memcmp(w->pin, hash.data, CIVIC_PLUGIN_HASH_LEN) == 0)
    {
        return;
    }

    w->pinned = 1;
    ngx_memcpy(w->pin, hash.data, CIVIC_PLUGIN_HASH_LEN);

    pool = ngx_create_pool(4096, ngx_cycle->log);
    if (pool == NULL) {
        return;
    }

    if (civic_plugin_errors_init(&errors, pool) != NGX_OK
        || civic_plugin_folder(pool, w->pmcf, &w->name, &hash, &folder)
           != NGX_OK)
    {
        ngx_destroy_pool(pool);
        return;
    }

    plugin = civic_watch_judge_kept(w, &hash, &folder, &errors);

    if (errors.list.nelts != 0) {
        civic_watch_judge_reject(w, &errors);

    } else {
        version = plugin->manifest->version;

        if (civic_watch_keep_current(w->pmcf, pool, &w->name, &hash,
                                     &version)
            != NGX_OK)
        {
            ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, ngx_errno,
                          "civic plugin: \"%V\" cannot be noted in the state "
                          "folder", &w->name);
        }

        civic_watch_judge_accept(w, plugin);

        civic_plugin_errors_add(&errors, "it was rolled back: the folder "
                                "waits for ./civic plugin deploy");
        civic_watch_judge_reason(w, &errors);
        civic_watch_judge_publish(w);
    }

    if (plugin != NULL) {
        civic_plugin_release(plugin);
    }

    ngx_destroy_pool(pool);
}


void
civic_watch_judge(civic_watched_t *w)
{
    ngx_pool_t            *pool;
    civic_watch_folder_t   folder;
    civic_plugin_errors_t  errors;

    ngx_memzero(&folder, sizeof(civic_watch_folder_t));

    pool = ngx_create_pool(64 * 1024, ngx_cycle->log);

    if (pool == NULL || civic_plugin_errors_init(&errors, pool) != NGX_OK) {
        w->judged = 0;

    } else if (civic_watch_judge_folder(w, &folder, pool, &errors) != NGX_OK)
    {
        if (!w->good) {
            civic_watch_claim_folder(w, folder.pool ? &folder : NULL);
        }

        civic_watch_judge_reject(w, &errors);
    }

    if (pool != NULL) {
        ngx_destroy_pool(pool);
    }
}


static ngx_int_t
civic_watch_judge_folder(civic_watched_t *w, civic_watch_folder_t *folder,
    ngx_pool_t *pool, civic_plugin_errors_t *errors)
{
    uint64_t   sign;
    ngx_int_t  rc;
    ngx_str_t  temp;

    if (civic_watch_folder_read(folder, &w->path, pool, errors) != NGX_OK) {
        return NGX_ERROR;
    }

    /* changed while it was read: it will be looked at again */

    if (civic_watch_folder_sign(&w->path, &sign) != NGX_OK
        || sign != w->judged)
    {
        w->judged = 0;
        return NGX_OK;
    }

    if (civic_watch_keep_temp(w->pmcf, pool, &folder->hash, &temp) != NGX_OK
        || civic_watch_folder_write(folder, &temp) != NGX_OK)
    {
        civic_plugin_errors_add(errors, "the copy cannot be written: %s",
                                strerror(ngx_errno));
        return NGX_ERROR;
    }

    rc = civic_watch_judge_copy(w, &folder->hash, &temp, pool, errors);

    civic_watch_folder_remove((char *) temp.data);

    return rc;
}


/*
 * A version that was admitted, but does not load, is kept where there is no
 * other: its routes are known, and answer that it is not loaded.
 */

static ngx_int_t
civic_watch_judge_copy(civic_watched_t *w, const ngx_str_t *hash,
    const ngx_str_t *temp, ngx_pool_t *pool, civic_plugin_errors_t *errors)
{
    ngx_int_t        rc;
    civic_plugin_t  *plugin;

    plugin = civic_plugin_load(&w->tenant->department, &w->name, hash, temp,
                               CIVIC_PLUGIN_NONE, errors);
    if (plugin == NULL) {
        return NGX_ERROR;
    }

    civic_plugin_view_refresh((ngx_cycle_t *) ngx_cycle);
    civic_plugin_admit((ngx_cycle_t *) ngx_cycle, plugin, errors);

    if (errors->list.nelts == 0) {
        civic_plugin_admit_beside(w->pmcf, plugin, civic_plugin_view(),
                                  errors);
    }

    rc = NGX_ERROR;

    if (errors->list.nelts != 0) {

        if (civic_watch_judge_same(w, hash)) {
            w->good = 0;
        }

        goto done;
    }

    rc = civic_watch_trial(plugin, errors, ngx_cycle->log);

    if (rc != NGX_OK && w->good) {
        goto done;
    }

    if (civic_watch_keep_copy(w->pmcf, pool, temp, &w->name, hash) != NGX_OK
        || (rc == NGX_OK
            && civic_watch_keep_current(w->pmcf, pool, &w->name, hash,
                                        &plugin->manifest->version)
               != NGX_OK))
    {
        civic_plugin_errors_add(errors, "the copy cannot be kept: %s",
                                strerror(ngx_errno));
        rc = NGX_ERROR;
        goto done;
    }

    w->good = (rc == NGX_OK);
    civic_watch_judge_accept(w, plugin);

done:

    civic_plugin_release(plugin);

    return rc;
}


static void
civic_watch_judge_accept(civic_watched_t *w, const civic_plugin_t *plugin)
{
    const ngx_str_t  *version;

    version = &plugin->manifest->version;

    civic_watch_claim(w, &plugin->manifest->prefixes);

    w->record.reason_len = 0;
    w->record.hash_len = CIVIC_PLUGIN_HASH_LEN;
    ngx_memcpy(w->record.hash, plugin->hash.data, CIVIC_PLUGIN_HASH_LEN);
    w->record.version_len = ngx_min(version->len, CIVIC_PLUGIN_VERSION_LEN);
    ngx_memcpy(w->record.version, version->data, w->record.version_len);

    if (w->pinned) {
        w->good = 1;
    }

    civic_watch_judge_publish(w);

    if (w->good) {
        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                      "civic plugin: \"%V\" %V (%V) is live", &w->name,
                      version, &plugin->hash);
    }
}


static void
civic_watch_judge_reject(civic_watched_t *w,
    const civic_plugin_errors_t *errors)
{
    ngx_str_t  reason, version;

    civic_watch_judge_reason(w, errors);
    civic_watch_judge_publish(w);

    reason.data = w->record.reason;
    reason.len = w->record.reason_len;
    version.data = w->record.version;
    version.len = w->record.version_len;

    if (w->good) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "civic plugin: \"%V\" was not taken, %V serves on: %V",
                      &w->name, &version, &reason);
        return;
    }

    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                  "civic plugin: \"%V\" was not taken and is not loaded: %V",
                  &w->name, &reason);
}


/* sentences in one line, as many as there is room for */

static void
civic_watch_judge_reason(civic_watched_t *w,
    const civic_plugin_errors_t *errors)
{
    u_char      *p, *last;
    ngx_str_t   *error;
    ngx_uint_t   i;

    p = w->record.reason;
    last = p + CIVIC_PLUGIN_REASON_LEN;
    error = errors->list.elts;

    for (i = 0; i < errors->list.nelts; i++) {
        p = ngx_slprintf(p, last, "%s%V", i ? "; " : "", &error[i]);
    }

    w->record.reason_len = p - w->record.reason;
}


static void
civic_watch_judge_publish(civic_watched_t *w)
{
    w->known = 1;
    w->record.used = 1;
    w->record.state = !w->good ? CIVIC_PLUGIN_NOT_LOADED
                    : w->stopped ? CIVIC_PLUGIN_STOPPED
                    : CIVIC_PLUGIN_READY;

    if (civic_plugin_zone_publish(&w->record) != NGX_OK) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "civic plugin: \"%V\" is one plugin too many: there "
                      "is room for %d", &w->name, CIVIC_PLUGIN_MAX);
    }
}


void
civic_watch_judge_withdraw(civic_watched_t *w)
{
    ngx_pool_t  *pool;

    /* without copies there is nothing to wait for: its place is free */

    w->withdrawn = w->record.hash_len ? civic_now_ns() / 1000000 : 0;

    pool = ngx_create_pool(1024, ngx_cycle->log);

    if (pool != NULL) {
        civic_watch_keep_forget(w->pmcf, pool, &w->name);
        ngx_destroy_pool(pool);
    }

    w->record.used = 0;
    w->record.hash_len = 0;
    w->record.reason_len = 0;
    w->record.version_len = 0;
    w->record.claim_len = 0;

    (void) civic_plugin_zone_publish(&w->record);

    w->known = 0;
    w->good = 0;
    w->judged = 0;
    w->sign = 0;
    w->due = 0;
    w->missing = 0;

    ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                  "civic plugin: the folder of \"%V\" is gone, and so is "
                  "the plugin", &w->name);
}


static ngx_uint_t
civic_watch_judge_same(const civic_watched_t *w, const ngx_str_t *hash)
{
    return w->record.hash_len == hash->len
           && ngx_memcmp(w->record.hash, hash->data, hash->len) == 0;
}
