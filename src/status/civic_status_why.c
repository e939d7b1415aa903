
/*
 * Copyright (C) Civic Gate
 *
 * civic_status why: what became of the requests with a trace id, read from
 * the rings of all workers.  A trace id that a client sends with several
 * requests finds the newest of them.
 */


#include "civic_status_page.h"
#include "civic_status_text.h"
#include "civic_reply.h"


static void civic_status_why_decision(civic_status_out_t *out,
    civic_status_entry_t *entry);
static void civic_status_why_problem(civic_status_out_t *out,
    civic_status_entry_t *entry);
static void civic_status_why_string(civic_status_out_t *out,
    const char *member, u_char *data, size_t len);
static void civic_status_why_time(civic_status_out_t *out, uint64_t msec);
static const char *civic_status_why_name(const char **names, ngx_uint_t n,
    ngx_uint_t i);


/* by civic_auth_status_e */

static const char  *civic_status_why_auth[] = {
    "none", "anonymous", "verified", "cached", "refused"
};


/* by civic_limit_status_e */

static const char  *civic_status_why_limit[] = {
    "none", "passed", "refused", "dry_run"
};


ngx_uint_t
civic_status_page_why(ngx_http_request_t *r, const civic_status_zone_t *zone,
    civic_status_out_t *out)
{
    u_char                 trace[CIVIC_STATUS_TRACE_LEN];
    ngx_uint_t             i;
    civic_status_slot_t   *slot;
    civic_status_found_t  *found;

    if (civic_status_trace_parse(&r->args, trace) != NGX_OK) {
        civic_status_out_text(out, "{\"code\":\"trace-malformed\",\"detail\":"
                              "\"trace must be given once, as 32 "
                              "hexadecimal digits\"}\n");
        return NGX_HTTP_BAD_REQUEST;
    }

    found = ngx_palloc(out->pool, sizeof(civic_status_found_t));
    if (found == NULL) {
        out->failed = 1;
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    found->n = 0;

    for (i = 0; i < zone->nslots; i++) {
        slot = civic_status_slot(zone, i);
        civic_status_ring_find(&slot->refused, trace, found);
        civic_status_ring_find(&slot->passed, trace, found);
    }

    civic_status_out_format(out, 64, "{\"trace\":\"%*s\",",
                            (size_t) CIVIC_STATUS_TRACE_LEN, trace);

    if (found->n == 0) {
        civic_status_out_text(out, "\"code\":\"trace-unknown\",\"detail\":"
                              "\"no recent request has this trace id\"}\n");
        return NGX_HTTP_NOT_FOUND;
    }

    civic_status_out_text(out, "\"decisions\":[");

    for (i = 0; i < found->n; i++) {
        civic_status_out_text(out, i ? ",{" : "{");
        civic_status_why_decision(out, &found->entries[i]);
        civic_status_out_text(out, "}");
    }

    civic_status_out_text(out, "]}\n");

    return NGX_HTTP_OK;
}


static void
civic_status_why_decision(civic_status_out_t *out,
    civic_status_entry_t *entry)
{
    civic_status_why_time(out, entry->msec);

    civic_status_why_string(out, "method", entry->method, entry->method_len);
    civic_status_why_string(out, "path", entry->path, entry->path_len);

    if (entry->path_cut) {
        civic_status_out_text(out, ",\"path_cut\":true");
    }

    civic_status_out_format(out, 64, ",\"status\":%ui",
                            (ngx_uint_t) entry->status);

    if (entry->problem != CIVIC_OK && entry->problem < CIVIC_PROBLEM_COUNT) {
        civic_status_why_problem(out, entry);
    }

    civic_status_why_string(out, "service", entry->service,
                            entry->service_len);
    civic_status_why_string(out, "route", entry->route, entry->route_len);

    civic_status_out_format(out, 64, ",\"auth\":\"%s\"",
        civic_status_why_name(civic_status_why_auth,
                              sizeof(civic_status_why_auth) / sizeof(char *),
                              entry->auth));
    civic_status_out_format(out, 64, ",\"limit\":\"%s\"",
        civic_status_why_name(civic_status_why_limit,
                              sizeof(civic_status_why_limit) / sizeof(char *),
                              entry->limit));

    if (entry->upstream_status) {
        civic_status_out_format(out, 64, ",\"upstream_status\":%ui",
                                (ngx_uint_t) entry->upstream_status);
    }

    civic_status_out_text(out, ",\"gate_seconds\":");
    civic_status_out_number(out, entry->gate_time, 1);
}


static void
civic_status_why_problem(civic_status_out_t *out, civic_status_entry_t *entry)
{
    const civic_problem_t  *problem;

    problem = &civic_problems[entry->problem];

    civic_status_out_text(out, ",\"code\":");
    civic_status_out_string(out, &problem->code);

    civic_status_out_text(out, ",\"title\":{\"zh\":");
    civic_status_out_string(out, civic_reply_title(problem, CIVIC_REPLY_ZH));
    civic_status_out_text(out, ",\"en\":");
    civic_status_out_string(out, civic_reply_title(problem, CIVIC_REPLY_EN));
    civic_status_out_text(out, "}");

    if (entry->line == 0) {
        return;
    }

    civic_status_out_format(out, 64, ",\"refused_by\":{\"line\":%ui",
                            (ngx_uint_t) entry->line);
    civic_status_why_string(out, "file", entry->file, entry->file_len);
    civic_status_out_text(out, "}");
}


/* a member that is not the first of its object; none if it is empty */

static void
civic_status_why_string(civic_status_out_t *out, const char *member,
    u_char *data, size_t len)
{
    ngx_str_t  text;

    if (len == 0) {
        return;
    }

    text.data = data;
    text.len = len;

    civic_status_out_text(out, ",\"");
    civic_status_out_text(out, member);
    civic_status_out_text(out, "\":");
    civic_status_out_string(out, &text);
}


static void
civic_status_why_time(civic_status_out_t *out, uint64_t msec)
{
    ngx_tm_t  tm;

    ngx_gmtime((time_t) (msec / 1000), &tm);

    civic_status_out_format(out, 64,
                            "\"time\":\"%4d-%02d-%02dT%02d:%02d:%02d.%03uLZ\"",
                            tm.ngx_tm_year, tm.ngx_tm_mon, tm.ngx_tm_mday,
                            tm.ngx_tm_hour, tm.ngx_tm_min, tm.ngx_tm_sec,
                            msec % 1000);
}


static const char *
civic_status_why_name(const char **names, ngx_uint_t n, ngx_uint_t i)
{
    return i < n ? names[i] : "unknown";
}
