
/*
 * Copyright (C) Civic Gate
 *
 * The step: civic_require lines of the location, then what the route that
 * the request came by requires.  All must be met.  In a dry run those that
 * are not are logged, by their line: the log says nothing of the caller.
 */


#include "civic_require_conf.h"
#include "civic_auth_headers.h"
#include "civic_require_check.h"
#include "civic_route.h"
#include "civic_status.h"


static ngx_int_t civic_require_all(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_require_set_t *set);
static ngx_int_t civic_require_scopes(ngx_http_request_t *r,
    civic_ctx_t *ctx, const civic_route_t *route);
static ngx_int_t civic_require_passed(civic_ctx_t *ctx);
static ngx_int_t civic_require_refuse(ngx_http_request_t *r,
    civic_ctx_t *ctx, civic_problem_e problem, const ngx_str_t *challenge,
    const civic_pos_t *pos);
static ngx_int_t civic_require_rehearse(ngx_http_request_t *r,
    civic_ctx_t *ctx, civic_problem_e problem, const civic_pos_t *pos);


ngx_int_t
civic_require_authorise(ngx_http_request_t *r, civic_ctx_t *ctx)
{
    ngx_int_t                   rc;
    civic_require_loc_conf_t   *rlcf;
    const civic_require_set_t  *set;

    rlcf = ngx_http_get_module_loc_conf(r, ngx_http_civic_require_module);

    if (rlcf->set != NULL) {
        rc = civic_require_all(r, ctx, rlcf->set);

        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    if (!civic_route_arrived(r, ctx)) {
        return NGX_DECLINED;
    }

    set = civic_auth_terms_require(r, ctx);

    if (set != NULL) {
        return civic_require_all(r, ctx, set);
    }

    if (ctx->route->scopes != NULL) {
        return civic_require_scopes(r, ctx, ctx->route);
    }

    return NGX_DECLINED;
}


static ngx_int_t
civic_require_all(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_require_set_t *set)
{
    ngx_int_t               rc;
    ngx_uint_t              i;
    civic_problem_e         problem;
    civic_require_rule_t  **rule;

    rule = set->rules.elts;

    for (i = 0; i < set->rules.nelts; i++) {
        problem = civic_require_check(r, ctx, rule[i]);

        if (problem == CIVIC_OK) {
            continue;
        }

        rc = civic_require_refuse(r, ctx, problem, &rule[i]->challenge,
                                  &rule[i]->pos);
        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    return civic_require_passed(ctx);
}


/* scope= of a civic_route */

static ngx_int_t
civic_require_scopes(ngx_http_request_t *r, civic_ctx_t *ctx,
    const civic_route_t *route)
{
    ngx_str_t  challenge;

    if (ctx->identity != NULL
        && civic_require_check_any(route->scopes, &ctx->identity->scope))
    {
        return civic_require_passed(ctx);
    }

    if (civic_require_rule_challenge(r->pool, "insufficient_scope", "scope",
                                     route->scopes, &challenge)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return civic_require_refuse(r, ctx,
                                ctx->identity ? CIVIC_SCOPE_DENIED
                                              : CIVIC_CREDENTIALS_MISSING,
                                &challenge, &route->pos);
}


static ngx_int_t
civic_require_passed(civic_ctx_t *ctx)
{
    if (ctx->main->require_status == CIVIC_REQUIRE_NONE) {
        ctx->main->require_status = CIVIC_REQUIRE_PASSED;
    }

    return NGX_DECLINED;
}


/* somebody unknown is asked who he is, somebody known is told what lacks */

static ngx_int_t
civic_require_refuse(ngx_http_request_t *r, civic_ctx_t *ctx,
    civic_problem_e problem, const ngx_str_t *challenge,
    const civic_pos_t *pos)
{
    civic_require_loc_conf_t  *rlcf;

    if (problem == CIVIC_INTERNAL) {
        return NGX_ERROR;
    }

    rlcf = ngx_http_get_module_loc_conf(r, ngx_http_civic_require_module);

    if (rlcf->dry_run) {
        return civic_require_rehearse(r, ctx, problem, pos);
    }

    civic_status_count(CIVIC_METRIC_REQUIRE_REFUSED, 1);
    ctx->main->require_status = CIVIC_REQUIRE_REFUSED;

    if (problem == CIVIC_CREDENTIALS_MISSING) {
        return civic_auth_ask(r, ctx, pos);
    }

    civic_auth_headers_unchallenge(r);

    if ((problem == CIVIC_SCOPE_DENIED || problem == CIVIC_LEVEL_DENIED)
        && civic_auth_headers_challenge(r, challenge) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return civic_refuse(ctx, problem, pos);
}


static ngx_int_t
civic_require_rehearse(ngx_http_request_t *r, civic_ctx_t *ctx,
    civic_problem_e problem, const civic_pos_t *pos)
{
    civic_status_count(CIVIC_METRIC_REQUIRE_DRY_RUN, 1);

    if (ctx->main->require_status != CIVIC_REQUIRE_REFUSED) {
        ctx->main->require_status = CIVIC_REQUIRE_DRY_RUN;
    }

    ngx_log_error(NGX_LOG_NOTICE, r->connection->log, 0,
                  "civic require: dry run, would refuse: %V by %V:%ui",
                  &civic_problems[problem].code, &pos->file, pos->line);

    return NGX_DECLINED;
}


ngx_uint_t
civic_require_granted(const ngx_str_t *word, const ngx_str_t *list)
{
    u_char  *p, *last, *space;

    last = list->data + list->len;

    for (p = list->data; p < last; p = space + 1) {

        space = ngx_strlchr(p, last, ' ');
        if (space == NULL) {
            space = last;
        }

        if ((size_t) (space - p) == word->len
            && ngx_memcmp(p, word->data, word->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}
