
/*
 * Copyright (C) Civic Gate
 *
 * Bytes in, replies out, one after the other: the only place that knows
 * hiredis, of which it uses the RESP reader and nothing else.
 */


#ifndef _CIVIC_REDIS_REPLY_H_INCLUDED_
#define _CIVIC_REDIS_REPLY_H_INCLUDED_


#include "civic_value.h"


typedef struct civic_redis_reader_s  civic_redis_reader_t;


typedef struct {
    ngx_pool_t              *pool;     /* of the value; the taker's own */
    civic_value_t           *value;
    size_t                   size;
    ngx_uint_t               error;    /* an error reply; value: its text */
} civic_redis_reply_t;


/* replies of at most `max` bytes, on the wire and as values.  NULL: memory */

civic_redis_reader_t *civic_redis_reader_create(size_t max, ngx_log_t *log);
void civic_redis_reader_destroy(civic_redis_reader_t *reader);

/* NGX_OK or NGX_ERROR: no memory */

ngx_int_t civic_redis_reader_feed(civic_redis_reader_t *reader,
    const u_char *data, size_t len);

/*
 * NGX_OK        the next reply, with a pool to destroy
 * NGX_AGAIN     more bytes are needed
 * NGX_DECLINED  the reply is larger than may be
 * NGX_ERROR     no RESP, too deep, or no memory
 *
 * After the last two the reader is of no further use.
 */

ngx_int_t civic_redis_reader_next(civic_redis_reader_t *reader,
    civic_redis_reply_t *reply);

/* why the last call failed */

const char *civic_redis_reader_error(const civic_redis_reader_t *reader);


#endif /* _CIVIC_REDIS_REPLY_H_INCLUDED_ */
