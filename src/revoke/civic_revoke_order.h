
/*
 * Copyright (C) Civic Gate
 *
 * What administrators say is revoked: as JSON, as a query, and back.
 */


#ifndef _CIVIC_REVOKE_ORDER_H_INCLUDED_
#define _CIVIC_REVOKE_ORDER_H_INCLUDED_


#include "civic_admin.h"
#include "civic_revoke_conf.h"


typedef struct {
    ngx_uint_t              kind;      /* civic_revoke_kind_e */
    ngx_str_t               what;      /* "token:ISSUER:JTI" */
    ngx_str_t               reason;
    int64_t                 before;    /* s; 0: whenever it was issued */
    int64_t                 expires;   /* s; 0: never */
} civic_revoke_order_t;


/*
 * From the body of POST, or the query of DELETE, in call->pool.  NGX_OK, or
 * NGX_DECLINED: the call is refused, and over.
 */

ngx_int_t civic_revoke_order_body(civic_admin_call_t *call,
    civic_revoke_order_t *order);
ngx_int_t civic_revoke_order_query(civic_admin_call_t *call,
    civic_revoke_order_t *order);

/* as administrators wrote it; strings are copied to `pool` */

ngx_int_t civic_revoke_order_write(const civic_revoke_record_t *record,
    ngx_pool_t *pool, civic_value_t *value);


#endif /* _CIVIC_REVOKE_ORDER_H_INCLUDED_ */
