/* sources: src/redis/civic_redis_reply.c */

/*
 * Copyright (C) Civic Gate
 *
 * Whatever comes from Redis, replies do not depend on where the bytes were
 * cut, and no value is larger than it may be.  The first byte says where.
 */


#include "civic_redis_reply.h"


#define MAX  512


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static ngx_log_t  no_log;


/* a number that stands for the value, over all that it holds */

static uint64_t
digest(const civic_value_t *value, size_t *bytes)
{
    size_t          i;
    uint64_t        sum;
    civic_table_t  *table;

    sum = value->type + 1;

    if (value->type == CIVIC_VALUE_NUMBER) {
        return sum * 31 + (uint64_t) (int64_t) (value->u.number / 4);
    }

    if (value->type == CIVIC_VALUE_STRING) {
        *bytes += value->u.string.len;

        for (i = 0; i < value->u.string.len; i++) {
            sum = sum * 31 + value->u.string.data[i];
        }
    }

    if (value->type == CIVIC_VALUE_TABLE) {
        table = value->u.table;
        *bytes += table->nitems * sizeof(civic_value_t);

        for (i = 0; i < table->nitems; i++) {
            sum = sum * 31 + digest(&table->items[i], bytes);
        }

        for (i = 0; i < table->npairs; i++) {
            sum = sum * 31 + digest(&table->pairs[i].value, bytes);
        }
    }

    return sum;
}


static uint64_t
read_all(const uint8_t *data, size_t size, size_t cut)
{
    size_t                 bytes;
    uint64_t               sum;
    ngx_int_t              rc;
    ngx_uint_t             i;
    civic_redis_reply_t    reply;
    civic_redis_reader_t  *reader;

    reader = civic_redis_reader_create(MAX, &no_log);
    rc = NGX_AGAIN;
    sum = 0;

    for (i = 0; i < 2 && rc == NGX_AGAIN; i++) {

        if ((i ? size - cut : cut) > 0
            && civic_redis_reader_feed(reader, data + (i ? cut : 0),
                                       i ? size - cut : cut) != NGX_OK)
        {
            abort();
        }

        while ((rc = civic_redis_reader_next(reader, &reply)) == NGX_OK) {
            bytes = 0;
            sum = sum * 31 + digest(reply.value, &bytes) + reply.error;

            if (bytes > MAX) {
                abort();
            }

            ngx_destroy_pool(reply.pool);
        }
    }

    civic_redis_reader_destroy(reader);

    return sum;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t  cut;

    if (size < 2) {
        return 0;
    }

    cut = data[0] % size;

    if (cut && read_all(data + 1, size - 1, cut - 1)
               != read_all(data + 1, size - 1, size - 1))
    {
        abort();
    }

    return 0;
}
