
/*
 * Copyright (C) Civic Gate
 *
 * How values compare.  Text from a request is only ever equal byte by byte:
 * "1e1" is not 10 to the service that gets it.  Numbers are compared as
 * such with what the configuration says, and by < and >.  Pure.
 *
 * Answers are 1, 0, or NGX_DECLINED: what is there cannot be compared, and
 * meets neither = nor !=.
 */


#ifndef _CIVIC_REQUIRE_VALUE_H_INCLUDED_
#define _CIVIC_REQUIRE_VALUE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "civic_json.h"


/* JSON's spelling, finite, an integer only if exact: NGX_OK, NGX_DECLINED */

ngx_int_t civic_require_value_number(const ngx_str_t *text, double *number);

/* a number, or a text that is one */

ngx_int_t civic_require_value_json_number(const civic_json_t *json,
    double *number);

/* is it one of the values (ngx_str_t)? */

ngx_int_t civic_require_value_in(const ngx_str_t *text,
    const ngx_array_t *values);

/* is it, or an element of it, one of the values, whose numbers are these? */

ngx_int_t civic_require_value_json_in(const civic_json_t *json,
    const ngx_array_t *values, const double *numbers);

/* is it, or an element of it, this text? */

ngx_int_t civic_require_value_json_is(const civic_json_t *json,
    const ngx_str_t *text);

/* have two claims a value in common? */

ngx_int_t civic_require_value_json_meets(const civic_json_t *json,
    const civic_json_t *other);


#endif /* _CIVIC_REQUIRE_VALUE_H_INCLUDED_ */
