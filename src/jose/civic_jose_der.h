
/*
 * Copyright (C) Civic Gate
 *
 * Signatures of 256 bit curves in their two spellings.
 */


#ifndef _CIVIC_JOSE_DER_H_INCLUDED_
#define _CIVIC_JOSE_DER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define CIVIC_JOSE_DER_RAW  64         /* r and s side by side */


/*
 * From SEQUENCE { r, s } in DER, the only spelling that DER allows.
 * NGX_OK, or NGX_DECLINED: it is no such thing.
 */

ngx_int_t civic_jose_der_raw(const ngx_str_t *der,
    u_char raw[CIVIC_JOSE_DER_RAW]);


#endif /* _CIVIC_JOSE_DER_H_INCLUDED_ */
