
/*
 * Copyright (C) Civic Gate
 *
 * libcurl's multi interface on nginx's events and timers.  Owns this
 * worker's one multi handle, made on first use, and the nginx connections
 * that watch libcurl's sockets.
 *
 * A socket is watched only while a call waits for it: one that libcurl
 * keeps for later has no nginx connection, holds up no worker that wants to
 * leave, and is closed with the multi handle.  libcurl expects events that
 * repeat while they hold (it may leave bytes in a socket), so they are level
 * triggered.  Nothing here calls a handler of a call: what libcurl says is
 * noted, and told by an event of its own.
 *
 * What is watched is a duplicate of the socket, which is ours to close:
 * libcurl 7.88 closes a socket whose connect() timed out before it says so,
 * and may have given its number to another by then.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/err.h>

#include "civic_remote_conf.h"


typedef struct {
    CURLM                    *multi;
    ngx_event_t               timer;   /* libcurl's */
    ngx_connection_t          dummy;   /* for the timer's debug log */
    ngx_queue_t               watched; /* ngx_connection_t.queue */
    ngx_queue_t               calls;   /* civic_remote_call_t.queue */
    ngx_uint_t               *in_flight; /* by index of the remote */
    long                      idle;    /* connections to keep */
    unsigned                  exited:1; /* and its calls are gone */
} civic_remote_worker_t;


static ngx_int_t civic_remote_worker_open(civic_remote_worker_t *worker);
static int civic_remote_worker_socket(CURL *easy, curl_socket_t fd,
    int what, void *data, void *watching);
static ngx_connection_t *civic_remote_worker_watch(curl_socket_t fd);
static ngx_connection_t *civic_remote_worker_find(curl_socket_t fd);
static ngx_int_t civic_remote_worker_renew(ngx_connection_t *c);
static ngx_int_t civic_remote_worker_set(ngx_event_t *ev, ngx_int_t event,
    ngx_uint_t wanted);
static void civic_remote_worker_release(ngx_connection_t *c);
static int civic_remote_worker_alarm(CURLM *multi, long msec, void *data);
static void civic_remote_worker_timer(ngx_event_t *ev);
static void civic_remote_worker_event(ngx_event_t *ev);
static void civic_remote_worker_act(curl_socket_t fd, int what);


static civic_remote_worker_t  civic_remote_worker;


/* after the fork; a process may do this again for a new configuration */

ngx_int_t
civic_remote_worker_init(ngx_cycle_t *cycle, civic_remote_main_conf_t *rmcf)
{
    ngx_uint_t                i;
    civic_remote_t          **remote;
    civic_remote_worker_t    *worker;

    worker = &civic_remote_worker;

    worker->in_flight = ngx_pcalloc(cycle->pool, rmcf->remotes.nelts
                                                 * sizeof(ngx_uint_t));
    if (worker->in_flight == NULL) {
        return NGX_ERROR;
    }

    remote = rmcf->remotes.elts;
    worker->idle = 0;

    for (i = 0; i < rmcf->remotes.nelts; i++) {
        worker->idle += remote[i]->connections;
    }

    return NGX_OK;
}


/* calls that are running end without a word: so does the process */

void
civic_remote_worker_exit(void)
{
    ngx_queue_t            *q;
    civic_remote_worker_t  *worker;

    worker = &civic_remote_worker;
    worker->exited = 1;

    if (worker->multi == NULL) {
        return;
    }

    while (!ngx_queue_empty(&worker->calls)) {
        q = ngx_queue_head(&worker->calls);
        civic_remote_call_destroy(ngx_queue_data(q, civic_remote_call_t,
                                                 queue));
    }

    (void) curl_multi_cleanup(worker->multi);
    civic_remote_worker_clean();
    worker->multi = NULL;

    while (!ngx_queue_empty(&worker->watched)) {
        q = ngx_queue_head(&worker->watched);
        civic_remote_worker_release(ngx_queue_data(q, ngx_connection_t,
                                                   queue));
    }

    if (worker->timer.timer_set) {
        ngx_del_timer(&worker->timer);
    }

    curl_global_cleanup();
}


CURLM *
civic_remote_worker_multi(void)
{
    civic_remote_worker_t  *worker;

    worker = &civic_remote_worker;

    if (worker->multi == NULL
        && (worker->exited || civic_remote_worker_open(worker) != NGX_OK))
    {
        return NULL;
    }

    return worker->multi;
}


/* modules that leave after this one may still cancel what they started */

ngx_uint_t
civic_remote_worker_exited(void)
{
    return civic_remote_worker.exited;
}


/*
 * After each call of libcurl that may have talked TLS: it leaves errors in
 * OpenSSL's queue, where nginx takes them for those of its own connections.
 */

void
civic_remote_worker_clean(void)
{
    ERR_clear_error();
}


/* only where there is a multi handle */

ngx_queue_t *
civic_remote_worker_calls(void)
{
    return &civic_remote_worker.calls;
}


ngx_uint_t *
civic_remote_worker_in_flight(const civic_remote_t *remote)
{
    return &civic_remote_worker.in_flight[remote->index];
}


static ngx_int_t
civic_remote_worker_open(civic_remote_worker_t *worker)
{
    CURLM  *multi;

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return NGX_ERROR;
    }

    multi = curl_multi_init();

    if (multi == NULL
        || curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION,
                             civic_remote_worker_socket) != CURLM_OK
        || curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION,
                             civic_remote_worker_alarm) != CURLM_OK
        || curl_multi_setopt(multi, CURLMOPT_PIPELINING,
                             CURLPIPE_NOTHING) != CURLM_OK
        || curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS,
                             worker->idle) != CURLM_OK)
    {
        (void) curl_multi_cleanup(multi);
        curl_global_cleanup();
        return NGX_ERROR;
    }

    worker->multi = multi;

    ngx_queue_init(&worker->watched);
    ngx_queue_init(&worker->calls);

    worker->dummy.fd = (ngx_socket_t) -1;

    ngx_memzero(&worker->timer, sizeof(ngx_event_t));
    worker->timer.handler = civic_remote_worker_timer;
    worker->timer.data = &worker->dummy;
    worker->timer.log = ngx_cycle->log;

    /* calls have timers of their own, which a worker that leaves waits for */

    worker->timer.cancelable = 1;

    return NGX_OK;
}


/*
 * From within libcurl.  An error returned here would end every call of the
 * worker, so it is noted in the one that needs the socket.
 */

static int
civic_remote_worker_socket(CURL *easy, curl_socket_t fd, int what,
    void *data, void *watching)
{
    char              *private;
    ngx_connection_t  *c = watching;

    if (what == CURL_POLL_REMOVE) {

        if (c != NULL) {
            civic_remote_worker_release(c);
        }

        return 0;
    }

    if (c == NULL) {
        c = civic_remote_worker_watch(fd);
    }

    if (c == NULL
        || civic_remote_worker_set(c->read, NGX_READ_EVENT,
                                   what & CURL_POLL_IN) != NGX_OK
        || civic_remote_worker_set(c->write, NGX_WRITE_EVENT,
                                   what & CURL_POLL_OUT) != NGX_OK)
    {
        private = NULL;

        if (curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private) == CURLE_OK
            && private != NULL)
        {
            civic_remote_call_fail((civic_remote_call_t *) private,
                                   CIVIC_REMOTE_UNREACHABLE);
        }
    }

    return 0;
}


/* NULL: no connection is free, as nginx has logged, or no descriptor */

static ngx_connection_t *
civic_remote_worker_watch(curl_socket_t fd)
{
    int                own;
    ngx_connection_t  *c;

    own = fcntl(fd, F_DUPFD_CLOEXEC, 0);

    if (own == -1) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, ngx_errno,
                      "civic remote: fcntl(F_DUPFD_CLOEXEC) failed");
        return NULL;
    }

    c = ngx_get_connection(own, ngx_cycle->log);

    if (c == NULL) {
        (void) close(own);
        return NULL;
    }

    c->data = (void *) (intptr_t) fd;
    c->read->handler = civic_remote_worker_event;
    c->write->handler = civic_remote_worker_event;
    c->read->log = ngx_cycle->log;
    c->write->log = ngx_cycle->log;

    ngx_queue_insert_tail(&civic_remote_worker.watched, &c->queue);

    if (curl_multi_assign(civic_remote_worker.multi, fd, c) != CURLM_OK) {
        civic_remote_worker_release(c);
        return NULL;
    }

    return c;
}


static ngx_connection_t *
civic_remote_worker_find(curl_socket_t fd)
{
    ngx_queue_t       *q;
    ngx_connection_t  *c;

    for (q = ngx_queue_head(&civic_remote_worker.watched);
         q != ngx_queue_sentinel(&civic_remote_worker.watched);
         q = ngx_queue_next(q))
    {
        c = ngx_queue_data(q, ngx_connection_t, queue);

        if ((intptr_t) c->data == fd) {
            return c;
        }
    }

    return NULL;
}


/* the number of its socket is another socket's, of which libcurl wants the
   same, and will not say it again */

static ngx_int_t
civic_remote_worker_renew(ngx_connection_t *c)
{
    ngx_uint_t     readable, writable;
    curl_socket_t  fd;

    fd = (intptr_t) c->data;
    readable = c->read->active;
    writable = c->write->active;

    (void) curl_multi_assign(civic_remote_worker.multi, fd, NULL);
    civic_remote_worker_release(c);

    c = civic_remote_worker_watch(fd);

    if (c == NULL
        || civic_remote_worker_set(c->read, NGX_READ_EVENT, readable)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return civic_remote_worker_set(c->write, NGX_WRITE_EVENT, writable);
}


static ngx_int_t
civic_remote_worker_set(ngx_event_t *ev, ngx_int_t event, ngx_uint_t wanted)
{
    if (wanted) {
        return ev->active ? NGX_OK
                          : ngx_add_event(ev, event, NGX_LEVEL_EVENT);
    }

    if (!ev->active) {
        return NGX_OK;
    }

    if (ev->posted) {
        ngx_delete_posted_event(ev);
    }

    return ngx_del_event(ev, event, 0);
}


/*
 * The socket stays open, it is libcurl's: so closing ours is not enough to
 * make epoll forget it.
 */

static void
civic_remote_worker_release(ngx_connection_t *c)
{
    int  own;

    (void) civic_remote_worker_set(c->read, NGX_READ_EVENT, 0);
    (void) civic_remote_worker_set(c->write, NGX_WRITE_EVENT, 0);

    if (c->read->posted) {
        ngx_delete_posted_event(c->read);
    }

    if (c->write->posted) {
        ngx_delete_posted_event(c->write);
    }

    ngx_queue_remove(&c->queue);

    own = c->fd;

    ngx_free_connection(c);
    c->fd = (ngx_socket_t) -1;

    if (close(own) == -1) {
        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, ngx_errno,
                      "civic remote: close() failed");
    }
}


/* the two callbacks for sockets: what has a number has one watch at most */

curl_socket_t
civic_remote_worker_socket_open(void *data, curlsocktype purpose,
    struct curl_sockaddr *addr)
{
    int                fd;
    ngx_connection_t  *c;

    fd = socket(addr->family, addr->socktype|SOCK_CLOEXEC, addr->protocol);

    if (fd == -1) {
        return CURL_SOCKET_BAD;
    }

    c = civic_remote_worker_find(fd);

    if (c != NULL && civic_remote_worker_renew(c) != NGX_OK) {
        (void) close(fd);
        return CURL_SOCKET_BAD;
    }

    return fd;
}


int
civic_remote_worker_socket_close(void *data, curl_socket_t fd)
{
    ngx_connection_t  *c;

    c = civic_remote_worker_find(fd);

    if (c != NULL) {
        (void) curl_multi_assign(civic_remote_worker.multi, fd, NULL);
        civic_remote_worker_release(c);
    }

    return close(fd);
}


/* from within libcurl, when it wants to be called again */

static int
civic_remote_worker_alarm(CURLM *multi, long msec, void *data)
{
    ngx_event_t  *ev;

    ev = &civic_remote_worker.timer;

    /* ngx_add_timer() alone would keep a timer that is set 300 ms later */

    if (ev->timer_set) {
        ngx_del_timer(ev);
    }

    if (msec >= 0) {
        ngx_add_timer(ev, (ngx_msec_t) msec);
    }

    return 0;
}


static void
civic_remote_worker_timer(ngx_event_t *ev)
{
    civic_remote_worker_act(CURL_SOCKET_TIMEOUT, 0);
}


static void
civic_remote_worker_event(ngx_event_t *ev)
{
    ngx_connection_t  *c;

    c = ev->data;

    civic_remote_worker_act((intptr_t) c->data, ev->write ? CURL_CSELECT_OUT
                                                          : CURL_CSELECT_IN);
}


static void
civic_remote_worker_act(curl_socket_t fd, int what)
{
    int       n;
    char     *private;
    CURLM    *multi;
    CURL     *easy;
    CURLMsg  *msg;
    CURLcode  rc;

    multi = civic_remote_worker.multi;

    (void) curl_multi_socket_action(multi, fd, what, &n);

    civic_remote_worker_clean();

    while ((msg = curl_multi_info_read(multi, &n)) != NULL) {

        if (msg->msg != CURLMSG_DONE) {
            continue;
        }

        /* the message goes with the call */

        easy = msg->easy_handle;
        rc = msg->data.result;
        private = NULL;

        (void) curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);

        civic_remote_call_finished((civic_remote_call_t *) private, rc);
    }
}
