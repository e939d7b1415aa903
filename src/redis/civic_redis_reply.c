
/*
 * Copyright (C) Civic Gate
 *
 * Replies of Redis as plain values.  The reader builds them by way of the
 * functions below, straight into the pool of the reply, so nothing is built
 * twice.  Size is judged before memory is taken: the length of an array is
 * the server's word, and an array is allocated when it is announced.
 *
 *     bulk, simple string   a string
 *     integer               a number (exact within 2^53)
 *     nil                   nil; within an array null
 *     array                 a table with items, of shape array
 *     error within an array a table {err = text}, as Redis's Lua has it
 *
 * hiredis 1.x reads RESP3 too, which nobody asked for, and arrays of any
 * depth; what 0.14 refuses by itself is refused here.
 */


#include "civic_redis_reply.h"

#include <hiredis/read.h>


#define CIVIC_REDIS_REPLY_POOL    512
#define CIVIC_REDIS_REPLY_HEADER  64
#define CIVIC_REDIS_REPLY_DEPTH   8    /* arrays within arrays */


struct civic_redis_reader_s {
    redisReader             *hiredis;
    ngx_pool_t              *pool;     /* of the reply being read, or NULL */
    ngx_log_t               *log;
    size_t                   max;
    size_t                   size;     /* of the value so far */
    const char              *wrong;    /* or NULL: hiredis knows */
    unsigned                 error:1;  /* the reply is an error */
    unsigned                 large:1;
};


/* hiredis 1.x */

#ifdef REDIS_REPLY_DOUBLE
typedef size_t  civic_redis_reply_count_t;
#else
typedef int     civic_redis_reply_count_t;
#endif


static void *civic_redis_reply_string(const redisReadTask *task, char *data,
    size_t len);
static ngx_int_t civic_redis_reply_nested_error(civic_redis_reader_t *reader,
    civic_value_t *value, const ngx_str_t *text);
static void *civic_redis_reply_array(const redisReadTask *task,
    civic_redis_reply_count_t n);
static void *civic_redis_reply_integer(const redisReadTask *task,
    long long n);
#ifdef REDIS_REPLY_DOUBLE
static void *civic_redis_reply_double(const redisReadTask *task, double n,
    char *text, size_t len);
static void *civic_redis_reply_bool(const redisReadTask *task, int yes);
#endif
static void *civic_redis_reply_nil(const redisReadTask *task);
static void *civic_redis_reply_refuse(civic_redis_reader_t *reader,
    const char *wrong);
static void civic_redis_reply_free(void *value);
static civic_value_t *civic_redis_reply_place(const redisReadTask *task,
    size_t size);


static redisReplyObjectFunctions  civic_redis_reply_functions = {
    .createString = civic_redis_reply_string,
    .createArray = civic_redis_reply_array,
    .createInteger = civic_redis_reply_integer,
#ifdef REDIS_REPLY_DOUBLE
    .createDouble = civic_redis_reply_double,
    .createBool = civic_redis_reply_bool,
#endif
    .createNil = civic_redis_reply_nil,
    .freeObject = civic_redis_reply_free
};


civic_redis_reader_t *
civic_redis_reader_create(size_t max, ngx_log_t *log)
{
    civic_redis_reader_t  *reader;

    reader = ngx_calloc(sizeof(civic_redis_reader_t), log);
    if (reader == NULL) {
        return NULL;
    }

    reader->hiredis =
                  redisReaderCreateWithFunctions(&civic_redis_reply_functions);

    if (reader->hiredis == NULL) {
        ngx_free(reader);
        return NULL;
    }

    reader->hiredis->privdata = reader;
    reader->log = log;
    reader->max = max;

    return reader;
}


void
civic_redis_reader_destroy(civic_redis_reader_t *reader)
{
    redisReaderFree(reader->hiredis);

    if (reader->pool != NULL) {
        ngx_destroy_pool(reader->pool);
    }

    ngx_free(reader);
}


ngx_int_t
civic_redis_reader_feed(civic_redis_reader_t *reader, const u_char *data,
    size_t len)
{
    return redisReaderFeed(reader->hiredis, (const char *) data, len)
           == REDIS_OK ? NGX_OK : NGX_ERROR;
}


ngx_int_t
civic_redis_reader_next(civic_redis_reader_t *reader,
    civic_redis_reply_t *reply)
{
    void         *value;
    redisReader  *hiredis;

    hiredis = reader->hiredis;

    if (redisReaderGetReply(hiredis, &value) != REDIS_OK) {
        return reader->large ? NGX_DECLINED : NGX_ERROR;
    }

    if (value == NULL) {

        /* what waits for its end is in the buffer, with its header */

        if (reader->size + (hiredis->len - hiredis->pos)
            > reader->max + CIVIC_REDIS_REPLY_HEADER)
        {
            reader->large = 1;
            return NGX_DECLINED;
        }

        return NGX_AGAIN;
    }

    reply->pool = reader->pool;
    reply->value = value;
    reply->size = reader->size;
    reply->error = reader->error;

    reader->pool = NULL;
    reader->size = 0;
    reader->error = 0;

    return NGX_OK;
}


const char *
civic_redis_reader_error(const civic_redis_reader_t *reader)
{
    if (reader->large) {
        return "the reply is too large";
    }

    return reader->wrong ? reader->wrong : reader->hiredis->errstr;
}


static void *
civic_redis_reply_string(const redisReadTask *task, char *data, size_t len)
{
    ngx_str_t              text;
    civic_value_t         *value;
    civic_redis_reader_t  *reader = task->privdata;

    if (task->type != REDIS_REPLY_STRING && task->type != REDIS_REPLY_STATUS
        && task->type != REDIS_REPLY_ERROR)
    {
        return civic_redis_reply_refuse(reader, "the reply is no RESP2");
    }

    value = civic_redis_reply_place(task, len);
    if (value == NULL) {
        return NULL;
    }

    text.len = len;
    text.data = ngx_pnalloc(reader->pool, len ? len : 1);

    if (text.data == NULL) {
        return NULL;
    }

    ngx_memcpy(text.data, data, len);

    if (task->type == REDIS_REPLY_ERROR && task->parent != NULL) {
        return civic_redis_reply_nested_error(reader, value, &text) == NGX_OK
               ? value : NULL;
    }

    if (task->type == REDIS_REPLY_ERROR) {
        reader->error = 1;
    }

    value->type = CIVIC_VALUE_STRING;
    value->u.string = text;

    return value;
}


static ngx_int_t
civic_redis_reply_nested_error(civic_redis_reader_t *reader,
    civic_value_t *value, const ngx_str_t *text)
{
    civic_table_t  *table;

    table = ngx_pcalloc(reader->pool, sizeof(civic_table_t));
    if (table == NULL) {
        return NGX_ERROR;
    }

    table->pairs = ngx_pcalloc(reader->pool, sizeof(civic_pair_t));
    if (table->pairs == NULL) {
        return NGX_ERROR;
    }

    table->npairs = 1;
    table->pair_room = 1;
    table->shape = CIVIC_VALUE_OBJECT;

    table->pairs->key.type = CIVIC_VALUE_STRING;
    ngx_str_set(&table->pairs->key.u.string, "err");
    table->pairs->value.type = CIVIC_VALUE_STRING;
    table->pairs->value.u.string = *text;

    value->type = CIVIC_VALUE_TABLE;
    value->u.table = table;

    return NGX_OK;
}


static void *
civic_redis_reply_array(const redisReadTask *task,
    civic_redis_reply_count_t n)
{
    ngx_uint_t             depth;
    civic_table_t         *table;
    civic_value_t         *value;
    const redisReadTask   *outer;
    civic_redis_reader_t  *reader = task->privdata;

    if (task->type != REDIS_REPLY_ARRAY) {
        return civic_redis_reply_refuse(reader, "the reply is no RESP2");
    }

    depth = 1;

    for (outer = task->parent; outer; outer = outer->parent) {
        depth++;
    }

    if (depth > CIVIC_REDIS_REPLY_DEPTH) {
        return civic_redis_reply_refuse(reader, "the reply is nested too "
                                        "deeply");
    }

    /* before it is multiplied */

    if ((size_t) n > reader->max) {
        reader->large = 1;
        return NULL;
    }

    value = civic_redis_reply_place(task, sizeof(civic_table_t)
                                          + n * sizeof(civic_value_t));
    if (value == NULL) {
        return NULL;
    }

    table = ngx_pcalloc(reader->pool, sizeof(civic_table_t));
    if (table == NULL) {
        return NULL;
    }

    if (n > 0) {
        table->items = ngx_pcalloc(reader->pool, n * sizeof(civic_value_t));
        if (table->items == NULL) {
            return NULL;
        }
    }

    table->nitems = n;
    table->room = n;
    table->shape = CIVIC_VALUE_ARRAY;

    value->type = CIVIC_VALUE_TABLE;
    value->u.table = table;

    return value;
}


static void *
civic_redis_reply_integer(const redisReadTask *task, long long n)
{
    civic_value_t  *value;

    value = civic_redis_reply_place(task, 0);
    if (value == NULL) {
        return NULL;
    }

    value->type = CIVIC_VALUE_NUMBER;
    value->u.number = (double) n;

    return value;
}


#ifdef REDIS_REPLY_DOUBLE

static void *
civic_redis_reply_double(const redisReadTask *task, double n, char *text,
    size_t len)
{
    return civic_redis_reply_refuse(task->privdata, "the reply is no RESP2");
}


static void *
civic_redis_reply_bool(const redisReadTask *task, int yes)
{
    return civic_redis_reply_refuse(task->privdata, "the reply is no RESP2");
}

#endif


static void *
civic_redis_reply_nil(const redisReadTask *task)
{
    civic_value_t  *value;

    /* "_"; that of RESP2 is of a string or an array */

    if (task->type == REDIS_REPLY_NIL) {
        return civic_redis_reply_refuse(task->privdata,
                                        "the reply is no RESP2");
    }

    value = civic_redis_reply_place(task, 0);
    if (value == NULL) {
        return NULL;
    }

    value->type = task->parent ? CIVIC_VALUE_NULL : CIVIC_VALUE_NIL;

    return value;
}


/* hiredis takes NULL for a lack of memory, and stops */

static void *
civic_redis_reply_refuse(civic_redis_reader_t *reader, const char *wrong)
{
    reader->wrong = wrong;

    return NULL;
}


/* values die with their pool */

static void
civic_redis_reply_free(void *value)
{
}


/* where the value of this task belongs, if `size` bytes more may be taken */

static civic_value_t *
civic_redis_reply_place(const redisReadTask *task, size_t size)
{
    civic_value_t         *array;
    civic_redis_reader_t  *reader = task->privdata;

    if (size > reader->max || reader->size > reader->max - size) {
        reader->large = 1;
        return NULL;
    }

    reader->size += size;

    if (reader->pool == NULL) {
        reader->pool = ngx_create_pool(CIVIC_REDIS_REPLY_POOL, reader->log);
        if (reader->pool == NULL) {
            return NULL;
        }
    }

    if (task->parent == NULL) {
        return ngx_pcalloc(reader->pool, sizeof(civic_value_t));
    }

    array = task->parent->obj;

    return &array->u.table->items[task->idx];
}
