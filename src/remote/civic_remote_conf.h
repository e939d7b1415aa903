
/*
 * Copyright (C) Civic Gate
 *
 * What the files of remote/ share; nobody else includes it.
 */


#ifndef _CIVIC_REMOTE_CONF_H_INCLUDED_
#define _CIVIC_REMOTE_CONF_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <curl/curl.h>
#include <openssl/x509.h>

#include "civic_conf.h"
#include "civic_remote.h"
#include "civic_remote_head.h"
#include "civic_remote_url.h"


/* a civic_remote block; written while the configuration is read */

struct civic_remote_s {
    ngx_str_t                 name;
    civic_pos_t               pos;
    ngx_uint_t                index;

    civic_remote_url_t        url;

    ngx_msec_t                timeout;
    ngx_msec_t                connect_timeout;
    size_t                    max_body;
    ngx_uint_t                connections;
    ngx_uint_t                verify;
    ngx_array_t               headers; /* ngx_keyval_t */

    ngx_str_t                 ca;      /* PEM; empty: the system's */
    X509_STORE               *system;  /* or NULL: not asked */
    ngx_str_t                 certificate;
    ngx_str_t                 key;
};


typedef struct {
    ngx_array_t               remotes; /* civic_remote_t * */
    X509_STORE               *system;  /* authorities, read once */
} civic_remote_main_conf_t;


struct civic_remote_call_s {
    void                     *data;    /* of the handlers */
    civic_remote_t           *remote;
    ngx_log_t                *log;

    /* event ident must be after 3 pointers as in ngx_connection_t */

    ngx_int_t                 ident;

    civic_remote_handlers_t   handlers;
    ngx_pool_t               *pool;    /* the call and all it holds */
    ngx_queue_t               queue;   /* of the worker's calls */
    ngx_event_t               event;   /* posted: there is news */
    ngx_event_t               timer;   /* the deadline */
    ngx_msec_t                timeout;

    CURL                     *easy;
    struct curl_slist        *lines;   /* the request's headers */
    char                      message[CURL_ERROR_SIZE];

    civic_remote_head_t       head;
    u_char                   *body;    /* all of it; of a stream what waits */
    size_t                    len;
    size_t                    size;

    ngx_uint_t               *in_flight; /* where it is counted, or NULL */
    ngx_uint_t                error;   /* civic_remote_error_e */
    ngx_uint_t                sent;    /* how often libcurl tried */

    unsigned                  stream:1;
    unsigned                  replayable:1; /* may be sent twice */
    unsigned                  running:1; /* libcurl has it */
    unsigned                  failed:1; /* to be ended with .error */
    unsigned                  finished:1; /* .error is the end of it */
    unsigned                  begun:1; /* the stream's head was told */
    unsigned                  paused:1; /* libcurl waits for us */
    unsigned                  waiting:1; /* we wait for go_on() */
    unsigned                  went_on:1; /* go_on() came */
    unsigned                  entered:1; /* a handler is running */
    unsigned                  unwanted:1; /* a handler said NGX_ERROR */
    unsigned                  cancelled:1;
};


/* files and words */

char *civic_remote_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *civic_remote_file_pem(ngx_conf_t *cf, civic_remote_t *remote,
    const ngx_str_t *name, ngx_str_t *text);
char *civic_remote_file_secret(ngx_conf_t *cf, const ngx_str_t *name,
    ngx_str_t *text);
char *civic_remote_file_check(ngx_conf_t *cf, civic_remote_t *remote);

/* the worker: NULL or NGX_ERROR where there is no memory */

CURLM *civic_remote_worker_multi(void);
void civic_remote_worker_clean(void);
ngx_queue_t *civic_remote_worker_calls(void);
ngx_uint_t *civic_remote_worker_in_flight(const civic_remote_t *remote);
curl_socket_t civic_remote_worker_socket_open(void *data,
    curlsocktype purpose, struct curl_sockaddr *addr);
int civic_remote_worker_socket_close(void *data, curl_socket_t fd);
ngx_int_t civic_remote_worker_init(ngx_cycle_t *cycle,
    civic_remote_main_conf_t *rmcf);
void civic_remote_worker_exit(void);
ngx_uint_t civic_remote_worker_exited(void);

/* from within libcurl: notes news, calls no handler */

void civic_remote_call_news(civic_remote_call_t *call);
void civic_remote_call_fail(civic_remote_call_t *call, ngx_uint_t error);

/* not from within libcurl: it is through with the call; the call goes */

void civic_remote_call_finished(civic_remote_call_t *call, CURLcode rc);
void civic_remote_call_destroy(civic_remote_call_t *call);

/* NGX_ERROR: no memory; NULL, or what is wrong with the request */

ngx_int_t civic_remote_easy_create(civic_remote_call_t *call,
    const civic_remote_request_t *request);
const char *civic_remote_easy_check(const civic_remote_request_t *request);

/* libcurl's callbacks, for what comes */

size_t civic_remote_answer_head(char *p, size_t size, size_t n, void *data);
size_t civic_remote_answer_body(char *p, size_t size, size_t n, void *data);

ngx_uint_t civic_remote_error(civic_remote_call_t *call, CURLcode rc);
const char *civic_remote_error_text(civic_remote_call_t *call);


extern ngx_module_t  ngx_http_civic_remote_module;


#endif /* _CIVIC_REMOTE_CONF_H_INCLUDED_ */
