
/*
 * Copyright (C) Civic Gate
 *
 * Unit tests only: what stub_nginx.c offers beyond nginx's own functions.
 */


#ifndef _STUB_NGINX_H_INCLUDED_
#define _STUB_NGINX_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* allocations that still succeed; negative: all of them */

extern ngx_int_t  stub_nginx_allocations;


#endif /* _STUB_NGINX_H_INCLUDED_ */
