
/*
 * Copyright (C) Civic Gate
 *
 * From a credential to its application.  The nodes are within the records,
 * which the index does not own.
 */


#ifndef _CIVIC_APP_INDEX_H_INCLUDED_
#define _CIVIC_APP_INDEX_H_INCLUDED_


#include "civic_app_record.h"


typedef struct {
    ngx_rbtree_t            tree;
    ngx_rbtree_node_t       sentinel;
} civic_app_index_t;


void civic_app_index_init(civic_app_index_t *index);

/* NULL: nobody has it */

civic_app_credential_t *civic_app_index_find(civic_app_index_t *index,
    ngx_uint_t by, const ngx_str_t *value);

/*
 * All credentials of a record, or none: NULL, or the first that another
 * record has already.
 */

const civic_app_credential_t *civic_app_index_add(civic_app_index_t *index,
    civic_app_record_t *record);

void civic_app_index_remove(civic_app_index_t *index,
    civic_app_record_t *record);


#endif /* _CIVIC_APP_INDEX_H_INCLUDED_ */
