
/*
 * Copyright (C) Civic Gate
 *
 * A change of an application by an administrator:
 *
 *     read the record -- edit it -- judge it as a whole -- write it, unless
 *     somebody was faster: then from the beginning
 */


#ifndef _CIVIC_APPADMIN_CHANGE_H_INCLUDED_
#define _CIVIC_APPADMIN_CHANGE_H_INCLUDED_


#include "civic_admin.h"
#include "civic_app_conf.h"


typedef struct civic_appadmin_change_s  civic_appadmin_change_t;

/*
 * Edits `app`, a table, and sets what will be answered.  NGX_OK; NGX_ERROR:
 * no memory; NGX_DECLINED: `problem` and `sentence` say why not.  May be
 * called again.
 */

typedef ngx_int_t (*civic_appadmin_edit_pt)(civic_appadmin_change_t *change,
    civic_value_t *app);


struct civic_appadmin_change_s {
    civic_admin_call_t           *call;
    const civic_app_main_conf_t  *conf;
    civic_appadmin_edit_pt             edit;
    ngx_str_t                     name;
    ngx_str_t                     old; /* the record as it was read */
    ngx_uint_t                    attempts;
    civic_redis_command_t        *command;

    ngx_uint_t                    status; /* of the answer; 204: no value */
    civic_value_t                 answer;
    civic_problem_e               problem;
    const char                   *sentence;

    unsigned                      create:1; /* there must be none yet */
    unsigned                      remove:1;
};


/* `edit` NULL: the record is answered as it is */

void civic_appadmin_change_start(civic_admin_call_t *call, const ngx_str_t *name,
    civic_appadmin_edit_pt edit, ngx_uint_t create);

/* NULL: refused, since they are in a file */

const civic_app_main_conf_t *civic_appadmin_change_conf(civic_admin_call_t *call);


/*
 * civic_appadmin_edit.c.  The text of a record as a table, in `pool`.
 */

ngx_int_t civic_appadmin_edit_parse(const ngx_str_t *text, ngx_pool_t *pool,
    civic_value_t *app);

/* a table without the member `but` */

ngx_int_t civic_appadmin_edit_copy(const civic_value_t *table, ngx_pool_t *pool,
    const char *but, civic_value_t *out);

/*
 * Tables.  What was there under that name goes; a value of
 * NULL leaves nothing.  NGX_OK or NGX_ERROR.
 */

ngx_int_t civic_appadmin_edit_set(civic_value_t *table, ngx_pool_t *pool,
    const char *name, const civic_value_t *value);

/* a list of the application's, made where it is not there.  NULL: no memory */

civic_value_t *civic_appadmin_edit_list(civic_value_t *app, ngx_pool_t *pool,
    const char *name);

/* 1: an item whose member is `text` was there, and is there no more */

ngx_uint_t civic_appadmin_edit_remove(civic_value_t *list, const char *member,
    const ngx_str_t *text);

/* takes out what has expired */

void civic_appadmin_edit_expire(civic_value_t *list, time_t now);

/* `out`: the record without what nobody shall see again */

ngx_int_t civic_appadmin_edit_show(const civic_value_t *app, ngx_pool_t *pool,
    civic_value_t *out);


#endif /* _CIVIC_APPADMIN_CHANGE_H_INCLUDED_ */
