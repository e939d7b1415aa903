
/*
 * Copyright (C) Civic Gate
 */


#ifndef _CIVIC_REQUIRE_CONF_H_INCLUDED_
#define _CIVIC_REQUIRE_CONF_H_INCLUDED_


#include "civic_auth.h"


/* one civic_require line */

typedef struct {
    ngx_array_t            *scopes;    /* ngx_str_t: any of them */
    civic_pos_t             pos;
} civic_require_rule_t;


struct civic_require_set_s {
    ngx_array_t             rules;     /* civic_require_rule_t * */
};


typedef struct {
    civic_require_set_t    *set;       /* NULL: nothing is required */
    unsigned                off:1;
} civic_require_loc_conf_t;


extern ngx_module_t  ngx_http_civic_require_module;


/*
 * One line.  NULL: no memory, or `err` (in `pool`) says what is wrong.
 * Strings are borrowed from it.
 */

civic_require_rule_t *civic_require_parse(const ngx_str_t *line,
    ngx_pool_t *pool, ngx_str_t *err);

/* can `text` be the name of a scope? */

ngx_uint_t civic_require_scope_valid(const ngx_str_t *scope);


#endif /* _CIVIC_REQUIRE_CONF_H_INCLUDED_ */
