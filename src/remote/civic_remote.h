
/*
 * Copyright (C) Civic Gate
 *
 * The gate's own HTTP calls: to the places that civic_remote names, and to
 * no others.  No client's request is needed.
 *
 * This is the only header of remote/ that others may include.
 */


#ifndef _CIVIC_REMOTE_H_INCLUDED_
#define _CIVIC_REMOTE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


typedef struct civic_remote_s       civic_remote_t;   /* civic_remote NAME */
typedef struct civic_remote_call_s  civic_remote_call_t;


typedef enum {
    CIVIC_REMOTE_OK = 0,
    CIVIC_REMOTE_UNREACHABLE,          /* "remote-unreachable" */
    CIVIC_REMOTE_TIMEOUT,              /* "remote-timeout" */
    CIVIC_REMOTE_TLS,                  /* "remote-tls" */
    CIVIC_REMOTE_TOO_LARGE,            /* "remote-too-large" */
    CIVIC_REMOTE_PROTOCOL,             /* "remote-protocol" */
    CIVIC_REMOTE_REQUEST               /* "remote-request": ours is malformed */
} civic_remote_error_e;


/* copied: method, path (with its query, encoded), headers, body */

typedef struct {
    ngx_str_t                method;
    ngx_str_t                path;     /* below the remote's url */
    const ngx_keyval_t      *headers;
    ngx_uint_t               nheaders;
    ngx_str_t                body;
    ngx_msec_t               timeout;  /* 0: the remote's; never more */
} civic_remote_request_t;


typedef struct {
    ngx_uint_t               status;
    ngx_array_t              headers;  /* ngx_keyval_t, hop-by-hop removed */
    ngx_str_t                body;     /* empty for a stream */
} civic_remote_response_t;


/*
 * Handlers come from the event loop, never from within a call below.
 *
 *     done     once, last: the whole answer, or what went wrong; it dies
 *              when the handler returns
 *     begin    of a stream: status and headers.  NGX_ERROR ends it, with
 *              done(CIVIC_REMOTE_REQUEST)
 *     data     of a stream: some bytes.  NGX_OK taken; NGX_AGAIN not now,
 *              call civic_remote_go_on() when there is room; NGX_ERROR
 */

typedef struct {
    void                   (*done)(void *data, ngx_uint_t error,
                                   const civic_remote_response_t *response);
    ngx_int_t              (*begin)(void *data,
                                    const civic_remote_response_t *response);
    ngx_int_t              (*data)(void *data, const ngx_str_t *bytes);
} civic_remote_handlers_t;


/* defined in this configuration?  NULL: no.  After the http block is read */

civic_remote_t *civic_remote_find(ngx_conf_t *cf, const ngx_str_t *name);

const ngx_str_t *civic_remote_name(const civic_remote_t *remote);
ngx_msec_t civic_remote_timeout(const civic_remote_t *remote);

/* its url, in `pool`.  NGX_OK or NGX_ERROR: no memory */

ngx_int_t civic_remote_place(const civic_remote_t *remote, ngx_pool_t *pool,
    ngx_str_t *place);

/* NULL, or what is wrong with the path of a call, in words */

const char *civic_remote_path_check(const ngx_str_t *path);

/*
 * handlers->begin and ->data are NULL unless the answer is streamed.  NULL:
 * no memory, and no handler will be called.  The timeout of a stream holds
 * until it begins, and then for each silence of the remote.
 */

civic_remote_call_t *civic_remote_start(civic_remote_t *remote,
    const civic_remote_request_t *request,
    const civic_remote_handlers_t *handlers, void *data);

void civic_remote_go_on(civic_remote_call_t *call);

/* no handler will be called any more */

void civic_remote_cancel(civic_remote_call_t *call);

/* "remote-timeout" ...: the code that plugins and operators see */

const ngx_str_t *civic_remote_code(ngx_uint_t error);


#endif /* _CIVIC_REMOTE_H_INCLUDED_ */
