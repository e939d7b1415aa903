
/*
 * Copyright (C) Civic Gate
 *
 * What a civic_redis block says.  Nobody writes it after start-up; what a
 * worker knows of the server is in the client beside it.
 */


#ifndef _CIVIC_REDIS_CONF_H_INCLUDED_
#define _CIVIC_REDIS_CONF_H_INCLUDED_


#include "civic_redis.h"
#include "civic_conf.h"


typedef struct civic_redis_client_s  civic_redis_client_t;


struct civic_redis_s {
    ngx_str_t                name;
    civic_pos_t             *pos;

    ngx_str_t                server;
    ngx_addr_t              *addrs;    /* of the server's name */
    ngx_uint_t               naddrs;
    ngx_str_t                user;
    ngx_str_t                password;
    ngx_uint_t               database;
    ngx_uint_t               connections;
    ngx_msec_t               timeout;

    ngx_uint_t               failures; /* breaker */
    ngx_msec_t               cooldown;

    ngx_uint_t               replicas; /* durable; 0: no WAIT */
    ngx_msec_t               replicas_timeout;

    ngx_str_t                greeting; /* AUTH, SELECT and PING as RESP */
    ngx_uint_t               ngreetings; /* replies to it */
    ngx_str_t                wait;     /* WAIT as RESP */

    civic_redis_client_t    *client;   /* of this process */
};


typedef struct {
    ngx_array_t              redis;    /* civic_redis_t * */
} civic_redis_main_conf_t;


extern ngx_module_t  ngx_http_civic_redis_module;


/* the setter of civic_redis */

char *civic_redis_conf_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);


#endif /* _CIVIC_REDIS_CONF_H_INCLUDED_ */
