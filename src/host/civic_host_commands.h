
/*
 * Copyright (C) Civic Gate
 *
 * Which Redis commands a plugin may send, and where in them the keys are.
 * Pure.
 */


#ifndef _CIVIC_HOST_COMMANDS_H_INCLUDED_
#define _CIVIC_HOST_COMMANDS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * "civic:{DEPARTMENT/NAME:AGGREGATE}:", in front of every key.  NGX_OK,
 * NGX_DECLINED (the aggregate is no name for one: `err`) or NGX_ERROR.
 */

ngx_int_t civic_host_commands_prefix(const ngx_str_t *plugin,
    const ngx_str_t *aggregate, ngx_pool_t *pool, ngx_str_t *prefix,
    const char **err);

/* the part of a key, as a plugin names it, becomes the key */

ngx_int_t civic_host_commands_key(const ngx_str_t *prefix, ngx_pool_t *pool,
    ngx_str_t *key, const char **err);

/*
 * argv[0] is the command in any case, and becomes upper case; keys among
 * the others get the prefix.  NGX_OK, NGX_DECLINED with `err`, NGX_ERROR.
 */

ngx_int_t civic_host_commands_prepare(ngx_str_t *argv, ngx_uint_t argc,
    const ngx_str_t *prefix, ngx_pool_t *pool, const char **err);


#endif /* _CIVIC_HOST_COMMANDS_H_INCLUDED_ */
