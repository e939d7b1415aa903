
/*
 * Copyright (C) Civic Gate
 *
 * The configuration of requirements.  Frozen once the http block is read.
 */


#ifndef _CIVIC_REQUIRE_CONF_H_INCLUDED_
#define _CIVIC_REQUIRE_CONF_H_INCLUDED_


#include "civic_auth.h"
#include "civic_require_rule.h"


struct civic_require_set_s {
    ngx_array_t             rules;     /* civic_require_rule_t * */
};


/* where a set is in force, to be checked once all is read */

typedef struct {
    civic_require_set_t    *set;
    ngx_str_t               name;      /* of the location */
    void                  **loc_conf;
} civic_require_place_t;


typedef struct {
    ngx_array_t             places;    /* civic_require_place_t */
} civic_require_main_conf_t;


typedef struct {
    civic_require_set_t    *set;       /* NULL: nothing is required */
    ngx_flag_t              dry_run;
    unsigned                off:1;
} civic_require_loc_conf_t;


extern ngx_module_t  ngx_http_civic_require_module;


/* does `rule` name an issuer that is none?  NULL, or its name */

const ngx_str_t *civic_require_rule_unknown(const civic_require_rule_t *rule,
    void **main_conf);

/*
 * What cannot be known before the whole http block is read: issuers, and
 * parameters of paths.  NGX_OK or NGX_ERROR, which is logged.
 */

ngx_int_t civic_require_places_check(ngx_conf_t *cf);

/* civic_claim $NAME PATH */

char *civic_require_claim_slot(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* $civic_require_status */

ngx_int_t civic_require_variables_add(ngx_conf_t *cf);


#endif /* _CIVIC_REQUIRE_CONF_H_INCLUDED_ */
