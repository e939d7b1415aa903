
/*
 * Copyright (C) Civic Gate
 */


#ifndef _CIVIC_LIMIT_SET_H_INCLUDED_
#define _CIVIC_LIMIT_SET_H_INCLUDED_


#include "civic_limit_conf.h"


/*
 * Sets llcf->set from what is inherited and the lines of
 * its own, once every policy is known.
 */

char *civic_limit_set_merge(ngx_conf_t *cf, const civic_limit_set_t *parent,
    civic_limit_loc_conf_t *llcf);

/* the place of a policy in a set, or NULL; the header of a whole set */

const civic_limit_use_t *civic_limit_set_find(const civic_limit_set_t *set,
    const civic_limit_policy_t *policy);
ngx_int_t civic_limit_set_header(ngx_pool_t *pool, civic_limit_set_t *set);

/* are two class= lists one? */

ngx_uint_t civic_limit_set_same_classes(const ngx_array_t *a,
    const ngx_array_t *b);


#endif /* _CIVIC_LIMIT_SET_H_INCLUDED_ */
