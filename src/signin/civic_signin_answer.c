
/*
 * Copyright (C) Civic Gate
 *
 * The content handler of civic_signin_pages: one table of pages.  The
 * request is counted up once and finalized once, by its turn; a client that
 * leaves in between cancels what the turn waits for.
 */


#include "civic_auth.h"
#include "civic_body.h"
#include "civic_signin_cookie.h"
#include "civic_signin_turn.h"
#include "civic_status.h"


#define CIVIC_SIGNIN_FORM_MAX  (16 * 1024)


typedef struct {
    size_t                path;        /* its offset in civic_signin_t */
    ngx_uint_t            methods;
    ngx_str_t             allow;
    civic_signin_turn_pt  step;
} civic_signin_page_t;


static const civic_signin_page_t *civic_signin_answer_page(
    const ngx_http_request_t *r, const civic_signin_t *signin);
static civic_signin_turn_t *civic_signin_answer_create(
    ngx_http_request_t *r, const civic_signin_t *signin);
static void civic_signin_answer_cleanup(void *data);
static void civic_signin_answer_body(ngx_http_request_t *r);
static ngx_int_t civic_signin_leave_browser(ngx_http_request_t *r,
    const civic_signin_t *signin, ngx_str_t *browser);


static const civic_signin_page_t  civic_signin_page_list[] = {

    { offsetof(civic_signin_t, start), NGX_HTTP_GET,
      ngx_string("GET"), civic_signin_turn_start },

    { offsetof(civic_signin_t, callback), NGX_HTTP_GET,
      ngx_string("GET"), civic_signin_turn_callback },

    { offsetof(civic_signin_t, logout), NGX_HTTP_GET|NGX_HTTP_POST,
      ngx_string("GET, POST"), civic_signin_turn_logout },

    { offsetof(civic_signin_t, backchannel), NGX_HTTP_POST,
      ngx_string("POST"), civic_signin_turn_backchannel },

    { offsetof(civic_signin_t, frontchannel), NGX_HTTP_GET,
      ngx_string("GET"), civic_signin_turn_frontchannel },

    { 0, 0, ngx_null_string, NULL }
};


ngx_int_t
civic_signin_answer(ngx_http_request_t *r)
{
    ngx_int_t                   rc;
    ngx_str_t                   allow;
    const civic_signin_page_t  *page;
    civic_signin_turn_t        *turn;
    civic_signin_loc_conf_t    *slcf;

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_civic_signin_module);

    page = civic_signin_answer_page(r, slcf->signin);

    if (page == NULL || r != r->main) {
        return NGX_HTTP_NOT_FOUND;
    }

    if (!(r->method & page->methods)) {
        allow = page->allow;

        return civic_headers_out_add(r, "Allow", &allow)
               ? NGX_HTTP_NOT_ALLOWED : NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    turn = civic_signin_answer_create(r, slcf->signin);

    if (turn == NULL || turn->ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (r->method == NGX_HTTP_POST) {
        rc = ngx_http_read_client_request_body(r, civic_signin_answer_body);

        return rc >= NGX_HTTP_SPECIAL_RESPONSE ? rc : NGX_DONE;
    }

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    r->main->count++;

    civic_signin_turn_go_on(turn, page->step(turn));

    return NGX_DONE;
}


static const civic_signin_page_t *
civic_signin_answer_page(const ngx_http_request_t *r,
    const civic_signin_t *signin)
{
    const ngx_str_t            *path;
    const civic_signin_page_t  *page;

    for (page = civic_signin_page_list; page->step; page++) {

        path = (ngx_str_t *) ((u_char *) signin + page->path);

        if (path->len == r->uri.len
            && ngx_memcmp(path->data, r->uri.data, path->len) == 0)
        {
            return page;
        }
    }

    return NULL;
}


static civic_signin_turn_t *
civic_signin_answer_create(ngx_http_request_t *r,
    const civic_signin_t *signin)
{
    ngx_http_cleanup_t   *cln;
    civic_signin_turn_t  *turn;

    turn = ngx_pcalloc(r->pool, sizeof(civic_signin_turn_t));
    cln = ngx_http_cleanup_add(r, 0);

    if (turn == NULL || cln == NULL) {
        return NULL;
    }

    cln->handler = civic_signin_answer_cleanup;
    cln->data = turn;

    turn->request = r;
    turn->ctx = civic_ctx_get(r);
    turn->signin = signin;

    ngx_http_set_ctx(r, turn, ngx_http_civic_signin_module);

    return turn;
}


static void
civic_signin_answer_cleanup(void *data)
{
    civic_signin_turn_t *turn = data;

    if (turn->command) {
        civic_redis_cancel(turn->command);
        turn->command = NULL;
    }

    if (turn->call) {
        civic_remote_cancel(turn->call);
        turn->call = NULL;
    }
}


static void
civic_signin_answer_body(ngx_http_request_t *r)
{
    ngx_int_t             rc;
    civic_signin_turn_t  *turn;

    turn = ngx_http_get_module_ctx(r, ngx_http_civic_signin_module);

    rc = civic_body_read(r, r->pool, CIVIC_SIGNIN_FORM_MAX, &turn->form);

    if (rc == NGX_OK) {
        rc = civic_signin_answer_page(r, turn->signin)->step(turn);

    } else if (rc == NGX_DECLINED) {
        rc = civic_signin_turn_refuse(turn, CIVIC_BODY_TOO_LARGE);
    }

    civic_signin_turn_go_on(turn, rc);
}


/* for pages that are open to all, and have a link to sign in */

ngx_int_t
civic_signin_turn_start(civic_signin_turn_t *turn)
{
    ngx_int_t  rc;
    ngx_str_t  path;

    rc = civic_signin_turn_argument(&turn->request->args, "return",
                                    turn->request->pool, &path);

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (rc != NGX_OK) {
        path = turn->signin->home;
    }

    return civic_signin_leave(turn->request, turn->signin, &path);
}


ngx_int_t
civic_signin_leave(ngx_http_request_t *r, const civic_signin_t *signin,
    const ngx_str_t *path)
{
    ngx_str_t            browser, address;
    civic_signin_flow_t  flow;

    if (!civic_signin_flow_is_path(path)) {
        path = &signin->home;
    }

    if (civic_signin_leave_browser(r, signin, &browser) != NGX_OK
        || civic_signin_flow_begin(signin->key, &browser, path, ngx_time(),
                                   r->pool, &flow)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    address.data = ngx_pnalloc(r->pool, signin->invitation.len
                                        + sizeof("&state=&nonce=")
                                        + sizeof("&code_challenge=")
                                        + flow.state.len + flow.nonce.len
                                        + flow.challenge.len);
    if (address.data == NULL) {
        return NGX_ERROR;
    }

    address.len = ngx_sprintf(address.data,
                              "%V&state=%V&nonce=%V&code_challenge=%V",
                              &signin->invitation, &flow.state, &flow.nonce,
                              &flow.challenge)
                  - address.data;

    civic_status_count(CIVIC_METRIC_SIGNIN_INVITED, 1);

    return civic_signin_redirect(r, &address);
}


/* one for all tabs, so that each of them may come back */

static ngx_int_t
civic_signin_leave_browser(ngx_http_request_t *r,
    const civic_signin_t *signin, ngx_str_t *browser)
{
    if (civic_signin_cookie_find(r, &signin->browser, browser) != NGX_OK
        && civic_signin_flow_random(r->pool, browser) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return civic_signin_cookie_set(r, signin, &signin->browser, browser,
                                   CIVIC_SIGNIN_FLOW);
}
