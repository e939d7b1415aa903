
/*
 * Copyright (C) Civic Gate
 *
 * A check at work: where it is in the value, what is left of its bounds,
 * and how rules ask for more.
 */


#ifndef _CIVIC_SCHEMA_CHECK_H_INCLUDED_
#define _CIVIC_SCHEMA_CHECK_H_INCLUDED_


#include "civic_schema_node.h"


/* nested schemas at a check, circles of "$ref" among them */

#define CIVIC_SCHEMA_MAX_DEPTH  160

/* steps of one check: a rule asked, a few compared bytes, an item of a
 * pattern tried */

#define CIVIC_SCHEMA_MAX_WORK   250000

/* what is done in one step: values compared; bytes of a text run over */

#define CIVIC_SCHEMA_COMPARED   8
#define CIVIC_SCHEMA_STRIDE     64


/* a step from a value to one inside it */

typedef struct {
    const ngx_str_t               *name;   /* NULL: of an array */
    ngx_uint_t                     index;
} civic_schema_step_t;


struct civic_schema_check_s {
    civic_schema_error_t          *err;
    ngx_uint_t                     quiet;  /* > 0: failing is no failure */
    ngx_uint_t                     depth;
    ngx_uint_t                     work;   /* steps left */
    ngx_uint_t                     nsteps;
    civic_schema_step_t            steps[CIVIC_JSON_MAX_DEPTH + 1];
};


/* one schema against one value; what civic_schema_rule_pt returns */

ngx_int_t civic_schema_apply(civic_schema_check_t *check,
    const civic_schema_t *node, const civic_json_t *value);

/* the same for a value inside the present one */

ngx_int_t civic_schema_apply_member(civic_schema_check_t *check,
    const civic_schema_t *node, const ngx_str_t *name,
    const civic_json_t *value);
ngx_int_t civic_schema_apply_element(civic_schema_check_t *check,
    const civic_schema_t *node, ngx_uint_t index, const civic_json_t *value);

/* the same, nothing being noted where it fails */

ngx_int_t civic_schema_probe(civic_schema_check_t *check,
    const civic_schema_t *node, const civic_json_t *value);

/* NGX_OK, or NGX_ERROR: too much work in all */

ngx_int_t civic_schema_work(civic_schema_check_t *check, ngx_uint_t steps);

/* both: NGX_OK, NGX_DECLINED, NGX_ERROR: too much work */

ngx_int_t civic_schema_equal(civic_schema_check_t *check,
    const civic_json_t *a, const civic_json_t *b);

ngx_int_t civic_schema_match(civic_schema_check_t *check,
    const civic_schema_rule_t *rule, ngx_uint_t i, const ngx_str_t *text);

/* notes what is wrong with the present value; returns NGX_DECLINED */

ngx_int_t civic_schema_fail(civic_schema_check_t *check,
    const char *keyword, const char *fmt, ...);


#endif /* _CIVIC_SCHEMA_CHECK_H_INCLUDED_ */
