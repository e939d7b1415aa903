
/*
 * Copyright (C) Civic Gate
 *
 * The last thing that happens to a request: its answer is counted and the
 * decision remembered, for ./civic why.  Remembered is what explains the
 * answer, never who asked: no subject, no token, no query string.
 */


#include "civic_status.h"
#include "civic_status_zone.h"
#include "civic_status_text.h"
#include "civic_route.h"


static ngx_uint_t civic_status_log_status(ngx_http_request_t *r);
static ngx_uint_t civic_status_log_problem(const civic_ctx_t *ctx);
static void civic_status_log_route(const civic_status_zone_t *zone,
    civic_status_slot_t *slot, const civic_ctx_t *ctx, ngx_uint_t status);
static void civic_status_log_decision(ngx_http_request_t *r,
    const civic_ctx_t *ctx, ngx_uint_t status, ngx_uint_t problem,
    civic_status_entry_t *entry);
static void civic_status_log_path(ngx_http_request_t *r,
    civic_status_entry_t *entry);
static ngx_uint_t civic_status_log_upstream(ngx_http_request_t *r);


void
civic_status_log(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    ngx_uint_t             status, problem, service;
    civic_status_slot_t   *slot;
    civic_status_zone_t   *zone;
    civic_status_entry_t  *entry;

    zone = civic_status_zone();
    slot = civic_status_own_slot();

    if (slot == NULL || r != r->main) {
        return;
    }

    if (ctx != NULL) {
        ctx = ctx->main;
    }

    status = civic_status_log_status(r);
    service = CIVIC_STATUS_NONE;

    if (ctx != NULL
        && ctx->service != NULL
        && ctx->service->slot < zone->services.max)
    {
        service = ctx->service->slot;
    }

    civic_status_add(slot, CIVIC_STATUS_AT_REQUESTS
                           + service * CIVIC_STATUS_CODES
                           + civic_status_code_index(status), 1);

    if (ctx == NULL) {
        return;
    }

    problem = civic_status_log_problem(ctx);

    if (problem != CIVIC_OK) {
        civic_status_add(slot, CIVIC_STATUS_AT_REFUSALS + problem, 1);
    }

    civic_status_add(slot, CIVIC_STATUS_AT_BUCKETS
                           + civic_status_bucket_index(ctx->gate_time), 1);
    civic_status_add(slot, CIVIC_STATUS_AT_GATE, ctx->gate_time);

    civic_status_log_route(zone, slot, ctx, status);

    entry = civic_status_ring_open(problem != CIVIC_OK || status >= 400
                                   ? &slot->refused : &slot->passed);
    if (entry != NULL) {
        civic_status_log_decision(r, ctx, status, problem, entry);
        civic_status_ring_close(entry);
    }
}


/* as $status has it */

static ngx_uint_t
civic_status_log_status(ngx_http_request_t *r)
{
    if (r->err_status) {
        return r->err_status;
    }

    if (r->headers_out.status) {
        return r->headers_out.status;
    }

    return r->http_version == NGX_HTTP_VERSION_9 ? 9 : 0;
}


static ngx_uint_t
civic_status_log_problem(const civic_ctx_t *ctx)
{
    return ctx->problem ? ctx->problem - civic_problems : CIVIC_OK;
}


static void
civic_status_log_route(const civic_status_zone_t *zone,
    civic_status_slot_t *slot, const civic_ctx_t *ctx, ngx_uint_t status)
{
    ngx_uint_t  route;

    if (ctx->last_route == NULL) {
        return;
    }

    route = ctx->last_route->slot;

    if (route != CIVIC_STATUS_NONE && route < zone->routes.max) {
        civic_status_add(slot, zone->at_routes + route * CIVIC_STATUS_CLASSES
                               + civic_status_class_index(status), 1);
    }
}


static void
civic_status_log_decision(ngx_http_request_t *r, const civic_ctx_t *ctx,
    ngx_uint_t status, ngx_uint_t problem, civic_status_entry_t *entry)
{
    ngx_time_t  *tp;

    tp = ngx_timeofday();

    entry->msec = (uint64_t) tp->sec * 1000 + tp->msec;
    entry->gate_time = ctx->gate_time;
    entry->status = (uint16_t) status;
    entry->upstream_status = (uint16_t) civic_status_log_upstream(r);
    entry->problem = (uint16_t) problem;
    entry->auth = (u_char) ctx->auth_status;
    entry->limit = (u_char) ctx->limit_status;

    ngx_memcpy(entry->trace, ctx->trace_id, CIVIC_STATUS_TRACE_LEN);

    entry->method_len = (u_char) civic_status_copy_head(entry->method,
                                     sizeof(entry->method), &r->method_name);

    civic_status_log_path(r, entry);

    entry->line = 0;
    entry->file_len = 0;

    if (problem != CIVIC_OK && ctx->refused_by != NULL) {
        entry->line = (uint32_t) ctx->refused_by->line;
        entry->file_len = (u_char) civic_status_copy_tail(entry->file,
                                                     sizeof(entry->file),
                                                     &ctx->refused_by->file);
    }

    entry->service_len = 0;
    entry->route_len = 0;

    if (ctx->service != NULL) {
        entry->service_len = (u_char) civic_status_copy_head(entry->service,
                                                     sizeof(entry->service),
                                                     &ctx->service->name);
    }

    if (ctx->last_route != NULL) {
        entry->route_len = (u_char) civic_status_copy_head(entry->route,
                                                     sizeof(entry->route),
                                                     &ctx->last_route->name);
    }
}


/* what the client asked for, whatever redirects made of it */

static void
civic_status_log_path(ngx_http_request_t *r, civic_status_entry_t *entry)
{
    size_t     len, max;
    ngx_str_t  path;

    path = r->unparsed_uri;
    max = ngx_min(path.len, sizeof(entry->path) + 1);

    for (len = 0; len < max; len++) {
        if (path.data[len] == '?' || path.data[len] == '#') {
            break;
        }
    }

    path.len = len;

    entry->path_len = (u_char) civic_status_copy_head(entry->path,
                                                     sizeof(entry->path),
                                                     &path);
    entry->path_cut = entry->path_len < len;
}


static ngx_uint_t
civic_status_log_upstream(ngx_http_request_t *r)
{
    ngx_http_upstream_state_t  *state;

    if (r->upstream_states == NULL || r->upstream_states->nelts == 0) {
        return 0;
    }

    state = r->upstream_states->elts;

    return state[r->upstream_states->nelts - 1].status;
}
