
/*
 * Copyright (C) Civic Gate
 *
 * What the files of operations offer to the table, and share.
 */


#ifndef _CIVIC_HOST_OPERATIONS_H_INCLUDED_
#define _CIVIC_HOST_OPERATIONS_H_INCLUDED_


#include "civic_host_job.h"


typedef ngx_int_t (*civic_host_operation_pt)(civic_host_job_t *job,
    const civic_lua_operation_t *op);


ngx_int_t civic_host_store_command(civic_host_job_t *job,
    const civic_lua_operation_t *op);
ngx_int_t civic_host_store_run(civic_host_job_t *job,
    const civic_lua_operation_t *op);
ngx_int_t civic_host_http_request(civic_host_job_t *job,
    const civic_lua_operation_t *op);
ngx_int_t civic_host_call(civic_host_job_t *job,
    const civic_lua_operation_t *op);
ngx_int_t civic_host_forward(civic_host_job_t *job,
    const civic_lua_operation_t *op);
ngx_int_t civic_host_timers_at(civic_host_job_t *job,
    const civic_lua_operation_t *op);
ngx_int_t civic_host_timers_cancel(civic_host_job_t *job,
    const civic_lua_operation_t *op);
ngx_int_t civic_host_log(civic_host_job_t *job,
    const civic_lua_operation_t *op);
ngx_int_t civic_host_metric(civic_host_job_t *job,
    const civic_lua_operation_t *op);
ngx_int_t civic_host_secret(civic_host_job_t *job,
    const civic_lua_operation_t *op);
ngx_int_t civic_host_time_now(civic_host_job_t *job,
    const civic_lua_operation_t *op);
ngx_int_t civic_host_crypto_random(civic_host_job_t *job,
    const civic_lua_operation_t *op);
ngx_int_t civic_host_crypto_digest(civic_host_job_t *job,
    const civic_lua_operation_t *op);
ngx_int_t civic_host_crypto_hmac(civic_host_job_t *job,
    const civic_lua_operation_t *op);


/* argument i (from 0): NGX_OK, or NGX_DECLINED with the answer "fails" */

ngx_int_t civic_host_arg_string(civic_host_job_t *job,
    const civic_lua_operation_t *op, ngx_uint_t i, ngx_str_t *value);
ngx_int_t civic_host_arg_text(civic_host_job_t *job,
    const civic_lua_operation_t *op, ngx_uint_t i, ngx_str_t *value);

/* a table, or NULL where it is nil; anything else fails as above */

ngx_int_t civic_host_arg_table(civic_host_job_t *job,
    const civic_lua_operation_t *op, ngx_uint_t i,
    const civic_value_t **value);

/* NULL: not granted */

civic_remote_t *civic_host_remote(const civic_department_t *department,
    const ngx_str_t *name);

/* is the word in the list of ngx_str_t? */

ngx_uint_t civic_host_listed(const ngx_array_t *list, const ngx_str_t *word);


#endif /* _CIVIC_HOST_OPERATIONS_H_INCLUDED_ */
