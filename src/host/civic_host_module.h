
/*
 * Copyright (C) Civic Gate
 */


#ifndef _CIVIC_HOST_MODULE_H_INCLUDED_
#define _CIVIC_HOST_MODULE_H_INCLUDED_


#include "civic_host.h"


typedef struct {
    ngx_str_t     clock_file;          /* civic_clock_file; empty: none */
} civic_host_main_conf_t;


extern ngx_module_t  ngx_http_civic_host_module;


#endif /* _CIVIC_HOST_MODULE_H_INCLUDED_ */
