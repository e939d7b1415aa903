
/*
 * Copyright (C) Civic Gate
 *
 * Tests only: a location that sends what its query string says over the
 * Redis client, and answers with what came of it.  t/lib/Civic/Redis.pm
 * builds it; it is loaded after the gate's own module, whose symbols it
 * uses.
 *
 *     civic_probe_redis NAME;
 *
 *     ?c=SET&a=KEY&a=VALUE   a command
 *     ?script=TEXT&keys=1&a=KEY&a=ARGUMENT   a script
 *     &durable=1   &timeout=MS   &times=N: so often, pipelined
 *     &cancel=1: given up in the same turn
 *     &cancel=MS: given up after that time
 *
 *     {"error":"ok","reply":...}   of one; of several a list of those
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "civic_redis.h"


#define CIVIC_PROBE_MAX_ARGS   32
#define CIVIC_PROBE_MAX_TIMES  4096


typedef struct {
    ngx_http_request_t      *request;
    ngx_str_t                script_text;
    civic_redis_script_t     script;
    ngx_str_t                argv[CIVIC_PROBE_MAX_ARGS];
    ngx_uint_t               argc;
    ngx_uint_t               keys;
    ngx_uint_t               durable;
    ngx_uint_t               timeout;
    ngx_uint_t               times;
    ngx_int_t                cancel;
    ngx_uint_t               left;
    ngx_uint_t               within;   /* civic_redis_send() runs */
    ngx_event_t              timer;
    ngx_array_t              commands; /* civic_redis_command_t * */
    ngx_array_t              answers;  /* ngx_str_t */
} civic_probe_t;


typedef struct {
    civic_probe_t           *probe;
    ngx_uint_t               i;
} civic_probe_one_t;


typedef struct {
    civic_redis_t           *redis;
    ngx_str_t                name;
} civic_probe_loc_conf_t;


static ngx_int_t civic_probe_handler(ngx_http_request_t *r);
static ngx_int_t civic_probe_parse(ngx_http_request_t *r, civic_probe_t *p);
static ngx_int_t civic_probe_word(civic_probe_t *p, ngx_str_t *name,
    ngx_str_t *value);
static ngx_int_t civic_probe_send(civic_probe_t *p, ngx_uint_t i);
static void civic_probe_answer(void *data, ngx_uint_t error,
    const civic_value_t *reply);
static void civic_probe_timer(ngx_event_t *ev);
static void civic_probe_cancel(civic_probe_t *p);
static void civic_probe_cleanup(void *data);
static void civic_probe_done(civic_probe_t *p);
static ngx_int_t civic_probe_respond(civic_probe_t *p);
static size_t civic_probe_size(const civic_value_t *value);
static u_char *civic_probe_write(u_char *p, const civic_value_t *value);
static void *civic_probe_create_loc_conf(ngx_conf_t *cf);
static char *civic_probe_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static char *civic_probe_redis(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


static ngx_command_t  civic_probe_commands[] = {

    { ngx_string("civic_probe_redis"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      civic_probe_redis,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  civic_probe_module_ctx = {
    NULL, NULL, NULL, NULL, NULL, NULL,
    civic_probe_create_loc_conf,
    civic_probe_merge_loc_conf
};


ngx_module_t  ngx_http_civic_probe_module = {
    NGX_MODULE_V1,
    &civic_probe_module_ctx,
    civic_probe_commands,
    NGX_HTTP_MODULE,
    NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    NGX_MODULE_V1_PADDING
};


/* what nginx's configure would write */

ngx_module_t  *ngx_modules[] = { &ngx_http_civic_probe_module, NULL };
char          *ngx_module_names[] = { "ngx_http_civic_probe_module", NULL };
char          *ngx_module_order[] = { NULL };


static ngx_str_t  civic_probe_errors[] = {
    ngx_string("ok"),
    ngx_string("unavailable"),
    ngx_string("timeout"),
    ngx_string("too-large"),
    ngx_string("not-durable"),
    ngx_string("refused")
};


static ngx_int_t
civic_probe_handler(ngx_http_request_t *r)
{
    ngx_uint_t           i;
    civic_probe_t       *p;
    ngx_http_cleanup_t  *cln;

    if (ngx_http_discard_request_body(r) != NGX_OK) {
        return NGX_HTTP_BAD_REQUEST;
    }

    p = ngx_pcalloc(r->pool, sizeof(civic_probe_t));
    cln = ngx_http_cleanup_add(r, 0);

    if (p == NULL || cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    p->request = r;
    p->times = 1;
    p->cancel = -1;

    if (civic_probe_parse(r, p) != NGX_OK
        || ngx_array_init(&p->commands, r->pool, p->times, sizeof(void *))
           != NGX_OK
        || ngx_array_init(&p->answers, r->pool, p->times, sizeof(ngx_str_t))
           != NGX_OK)
    {
        return NGX_HTTP_BAD_REQUEST;
    }

    cln->handler = civic_probe_cleanup;
    cln->data = p;

    for (i = 0; i < p->times; i++) {
        if (civic_probe_send(p, i) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    r->main->count++;
    r->read_event_handler = ngx_http_test_reading;

    if (p->cancel >= 0) {
        p->timer.handler = civic_probe_timer;
        p->timer.data = p;
        p->timer.log = r->connection->log;

        if (p->cancel == 1) {
            civic_probe_cancel(p);
        }

        ngx_add_timer(&p->timer, p->cancel);
    }

    return NGX_DONE;
}


static ngx_int_t
civic_probe_parse(ngx_http_request_t *r, civic_probe_t *p)
{
    u_char     *pos, *last, *end, *src, *dst;
    ngx_str_t   name, value;

    pos = r->args.data;
    last = pos + r->args.len;

    while (pos < last) {

        name.data = pos;
        while (pos < last && *pos != '=') { pos++; }
        name.len = pos - name.data;

        src = pos < last ? pos + 1 : last;
        end = src;
        while (end < last && *end != '&') { end++; }

        value.data = ngx_pnalloc(r->pool, end - src + 1);
        if (value.data == NULL) {
            return NGX_ERROR;
        }

        dst = value.data;
        pos = end + 1;

        ngx_unescape_uri(&dst, &src, end - src, 0);
        value.len = dst - value.data;

        if (civic_probe_word(p, &name, &value) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
civic_probe_word(civic_probe_t *p, ngx_str_t *name, ngx_str_t *value)
{
    ngx_int_t  n;

    if (name->len == 1) {                     /* c, a; b: so many bytes */

        if (p->argc == CIVIC_PROBE_MAX_ARGS) {
            return NGX_ERROR;
        }

        if (name->data[0] == 'b') {
            n = ngx_atoi(value->data, value->len);
            value->data = ngx_pnalloc(p->request->pool, n);
            value->len = n;
            ngx_memset(value->data, 'b', n);
        }

        p->argv[p->argc++] = *value;
        return NGX_OK;
    }

    if (name->len == 6 && ngx_strncmp(name->data, "script", 6) == 0) {
        p->script_text = *value;
        civic_redis_script(&p->script, &p->script_text);
        return NGX_OK;
    }

    n = ngx_atoi(value->data, value->len);
    if (n == NGX_ERROR) {
        return NGX_ERROR;
    }

    switch (name->data[0]) {
    case 'k': p->keys = n; break;
    case 'd': p->durable = n; break;
    case 'c': p->cancel = n; break;
    default:
        if (name->len == 5) {
            p->times = n > CIVIC_PROBE_MAX_TIMES ? CIVIC_PROBE_MAX_TIMES : n;
        } else {
            p->timeout = n;
        }
    }

    return NGX_OK;
}


static ngx_int_t
civic_probe_send(civic_probe_t *p, ngx_uint_t i)
{
    ngx_str_t               *answer;
    civic_probe_one_t       *one;
    civic_redis_command_t   *command, **slot;
    civic_redis_request_t    request;
    civic_probe_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(p->request,
                                        ngx_http_civic_probe_module);

    slot = ngx_array_push(&p->commands);
    answer = ngx_array_push(&p->answers);
    one = ngx_palloc(p->request->pool, sizeof(civic_probe_one_t));

    if (slot == NULL || one == NULL || answer == NULL) {
        return NGX_ERROR;
    }

    *slot = NULL;
    ngx_str_null(answer);

    one->probe = p;
    one->i = i;

    ngx_memzero(&request, sizeof(civic_redis_request_t));

    request.argv = p->argv;
    request.argc = p->argc;
    request.timeout = p->timeout;
    request.durable = p->durable;
    request.handler = civic_probe_answer;
    request.data = one;

    p->within = 1;

    command = p->script_text.len
              ? civic_redis_eval(plcf->redis, &p->script, p->keys, &request)
              : civic_redis_send(plcf->redis, &request);

    p->within = 0;

    if (command == NULL) {
        return NGX_ERROR;
    }

    *slot = command;
    p->left++;

    return NGX_OK;
}


static void
civic_probe_answer(void *data, ngx_uint_t error, const civic_value_t *reply)
{
    civic_probe_one_t  *one = data;

    u_char                   *w;
    size_t                    size;
    ngx_str_t                *answer;
    civic_probe_t            *p;
    civic_redis_command_t   **command;

    p = one->probe;

    if (p->within) {
        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, 0,
                      "probe: called from within civic_redis_send()");
    }

    command = p->commands.elts;

    /* to give up what is being told is harmless */

    civic_redis_cancel(command[one->i]);
    command[one->i] = NULL;

    answer = p->answers.elts;
    answer += one->i;

    size = sizeof("{\"error\":\"\",\"reply\":}") + 32
           + (reply ? civic_probe_size(reply) : 4);

    answer->data = ngx_pnalloc(p->request->pool, size);
    if (answer->data == NULL) {
        return;
    }

    w = ngx_sprintf(answer->data, "{\"error\":\"%V\",\"reply\":",
                    &civic_probe_errors[error]);
    w = reply ? civic_probe_write(w, reply) : ngx_cpymem(w, "null", 4);
    *w++ = '}';

    answer->len = w - answer->data;

    if (--p->left == 0) {
        civic_probe_done(p);
    }
}


static void
civic_probe_timer(ngx_event_t *ev)
{
    civic_probe_t  *p = ev->data;

    civic_probe_cancel(p);
    civic_probe_done(p);
}


static void
civic_probe_cancel(civic_probe_t *p)
{
    ngx_uint_t                i;
    civic_redis_command_t   **command;

    command = p->commands.elts;

    for (i = 0; i < p->commands.nelts; i++) {

        if (command[i] != NULL) {
            civic_redis_cancel(command[i]);
            command[i] = NULL;
        }
    }
}


static void
civic_probe_cleanup(void *data)
{
    civic_probe_t  *p = data;

    if (p->timer.timer_set) {
        ngx_del_timer(&p->timer);
    }

    civic_probe_cancel(p);
}


static void
civic_probe_done(civic_probe_t *p)
{
    ngx_connection_t  *c;

    c = p->request->connection;

    ngx_http_finalize_request(p->request, civic_probe_respond(p));
    ngx_http_run_posted_requests(c);
}


static ngx_int_t
civic_probe_respond(civic_probe_t *p)
{
    u_char              *w;
    size_t               size;
    ngx_int_t            rc;
    ngx_buf_t           *b;
    ngx_str_t           *answer;
    ngx_uint_t           i;
    ngx_chain_t          out;
    ngx_http_request_t  *r;

    r = p->request;
    answer = p->answers.elts;
    size = 2;

    for (i = 0; i < p->answers.nelts; i++) {
        size += answer[i].len + sizeof("null,");
    }

    b = ngx_create_temp_buf(r->pool, size);
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    w = b->pos;

    if (p->times != 1) {
        *w++ = '[';
    }

    for (i = 0; i < p->answers.nelts; i++) {

        if (i) {
            *w++ = ',';
        }

        w = answer[i].len ? ngx_cpymem(w, answer[i].data, answer[i].len)
                          : ngx_cpymem(w, "null", 4);
    }

    if (p->times != 1) {
        *w++ = ']';
    }

    b->last = w;
    b->last_buf = 1;
    b->last_in_chain = 1;

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = w - b->pos;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


static size_t
civic_probe_size(const civic_value_t *value)
{
    size_t      size;
    ngx_uint_t  i;

    switch (value->type) {

    case CIVIC_VALUE_STRING:
        return 2 + 6 * value->u.string.len;

    case CIVIC_VALUE_TABLE:
        size = 16;

        for (i = 0; i < value->u.table->nitems; i++) {
            size += civic_probe_size(&value->u.table->items[i]) + 1;
        }

        if (value->u.table->npairs) {
            size += civic_probe_size(&value->u.table->pairs[0].value);
        }

        return size;

    default:
        return 64;
    }
}


static u_char *
civic_probe_write(u_char *p, const civic_value_t *value)
{
    size_t          i;
    civic_table_t  *table;

    switch (value->type) {

    case CIVIC_VALUE_STRING:
        *p++ = '"';

        for (i = 0; i < value->u.string.len; i++) {
            if (value->u.string.data[i] < ' ' || value->u.string.data[i] > '~'
                || value->u.string.data[i] == '"'
                || value->u.string.data[i] == '\\')
            {
                p = ngx_sprintf(p, "\\u%04xd", value->u.string.data[i]);
            } else {
                *p++ = value->u.string.data[i];
            }
        }

        *p++ = '"';
        return p;

    case CIVIC_VALUE_NUMBER:
        return ngx_sprintf(p, "%.0f", value->u.number);

    case CIVIC_VALUE_TABLE:
        table = value->u.table;

        if (table->npairs) {
            p = ngx_sprintf(p, "{\"err\":");
            p = civic_probe_write(p, &table->pairs[0].value);
            *p++ = '}';
            return p;
        }

        *p++ = '[';

        for (i = 0; i < table->nitems; i++) {
            if (i) {
                *p++ = ',';
            }

            p = civic_probe_write(p, &table->items[i]);
        }

        *p++ = ']';
        return p;

    default:
        return ngx_cpymem(p, "null", 4);
    }
}


static void *
civic_probe_create_loc_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(civic_probe_loc_conf_t));
}


static char *
civic_probe_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    civic_probe_loc_conf_t  *conf = child;

    if (conf->name.len == 0) {
        return NGX_CONF_OK;
    }

    conf->redis = civic_redis_find(cf, &conf->name);

    return conf->redis ? NGX_CONF_OK : "probe: no such civic_redis";
}


static char *
civic_probe_redis(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    civic_probe_loc_conf_t  *plcf = conf;

    ngx_str_t                 *value;
    ngx_http_core_loc_conf_t  *clcf;

    value = cf->args->elts;
    plcf->name = value[1];

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = civic_probe_handler;

    return NGX_CONF_OK;
}
