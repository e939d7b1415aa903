
/*
 * Copyright (C) Civic Gate
 *
 * The Redis commands that plugins may send, as one table.  What is not in
 * it does not exist: nothing that blocks a connection, looks through all
 * keys, leaves the aggregate, subscribes, administers or evaluates.
 *
 *     first, last   positions of the keys; last < 0 counts from the end
 *     step          2: every other argument is one
 *     count         position of a number of keys that follow it
 */


#include "civic_host_commands.h"


#define CIVIC_HOST_KEY_PART   512
#define CIVIC_HOST_AGGREGATE  128
#define CIVIC_HOST_OFFSET     7        /* digits of an offset into a string */
#define CIVIC_HOST_RANDOM     4        /* digits of a count with repetition */


typedef ngx_int_t (*civic_host_command_pt)(ngx_str_t *argv, ngx_uint_t argc,
    ngx_uint_t *first, ngx_uint_t *last, const char **err);


typedef struct {
    const char              *name;
    ngx_uint_t               least;    /* words, the command's too */
    ngx_uint_t               first;
    ngx_int_t                last;
    ngx_uint_t               step;
    ngx_uint_t               count;
    civic_host_command_pt    check;    /* or finds the keys; may be NULL */
} civic_host_command_t;


static const civic_host_command_t *civic_host_commands_find(ngx_str_t *name,
    ngx_pool_t *pool);
static ngx_int_t civic_host_commands_keys(
    const civic_host_command_t *command, ngx_str_t *argv, ngx_uint_t argc,
    ngx_uint_t *first, ngx_uint_t *last, const char **err);
static ngx_uint_t civic_host_commands_is(const ngx_str_t *word,
    const char *name);
static ngx_int_t civic_host_commands_check_streams(ngx_str_t *argv,
    ngx_uint_t argc, ngx_uint_t *first, ngx_uint_t *last, const char **err);
static ngx_int_t civic_host_commands_check_copy(ngx_str_t *argv,
    ngx_uint_t argc, ngx_uint_t *first, ngx_uint_t *last, const char **err);
static ngx_int_t civic_host_commands_check_offset(ngx_str_t *argv,
    ngx_uint_t argc, ngx_uint_t *first, ngx_uint_t *last, const char **err);
static ngx_int_t civic_host_commands_check_random(ngx_str_t *argv,
    ngx_uint_t argc, ngx_uint_t *first, ngx_uint_t *last, const char **err);


static const civic_host_command_t  civic_host_commands[] = {

    /* keys */
    { "COPY",             3, 1,  2, 1, 0, civic_host_commands_check_copy },
    { "DEL",              2, 1, -1, 1, 0, NULL },
    { "EXISTS",           2, 1, -1, 1, 0, NULL },
    { "EXPIRE",           3, 1,  1, 1, 0, NULL },
    { "EXPIREAT",         3, 1,  1, 1, 0, NULL },
    { "EXPIRETIME",       2, 1,  1, 1, 0, NULL },
    { "PERSIST",          2, 1,  1, 1, 0, NULL },
    { "PEXPIRE",          3, 1,  1, 1, 0, NULL },
    { "PEXPIREAT",        3, 1,  1, 1, 0, NULL },
    { "PEXPIRETIME",      2, 1,  1, 1, 0, NULL },
    { "PTTL",             2, 1,  1, 1, 0, NULL },
    { "RENAME",           3, 1,  2, 1, 0, NULL },
    { "RENAMENX",         3, 1,  2, 1, 0, NULL },
    { "TOUCH",            2, 1, -1, 1, 0, NULL },
    { "TTL",              2, 1,  1, 1, 0, NULL },
    { "TYPE",             2, 1,  1, 1, 0, NULL },
    { "UNLINK",           2, 1, -1, 1, 0, NULL },

    /* strings and bitmaps */
    { "APPEND",           3, 1,  1, 1, 0, NULL },
    { "BITCOUNT",         2, 1,  1, 1, 0, NULL },
    { "BITOP",            4, 2, -1, 1, 0, NULL },
    { "BITPOS",           3, 1,  1, 1, 0, NULL },
    { "DECR",             2, 1,  1, 1, 0, NULL },
    { "DECRBY",           3, 1,  1, 1, 0, NULL },
    { "GET",              2, 1,  1, 1, 0, NULL },
    { "GETBIT",           3, 1,  1, 1, 0, NULL },
    { "GETDEL",           2, 1,  1, 1, 0, NULL },
    { "GETEX",            2, 1,  1, 1, 0, NULL },
    { "GETRANGE",         4, 1,  1, 1, 0, NULL },
    { "GETSET",           3, 1,  1, 1, 0, NULL },
    { "INCR",             2, 1,  1, 1, 0, NULL },
    { "INCRBY",           3, 1,  1, 1, 0, NULL },
    { "INCRBYFLOAT",      3, 1,  1, 1, 0, NULL },
    { "MGET",             2, 1, -1, 1, 0, NULL },
    { "MSET",             3, 1, -1, 2, 0, NULL },
    { "MSETNX",           3, 1, -1, 2, 0, NULL },
    { "PSETEX",           4, 1,  1, 1, 0, NULL },
    { "SET",              3, 1,  1, 1, 0, NULL },
    { "SETBIT",           4, 1,  1, 1, 0, civic_host_commands_check_offset },
    { "SETEX",            4, 1,  1, 1, 0, NULL },
    { "SETNX",            3, 1,  1, 1, 0, NULL },
    { "SETRANGE",         4, 1,  1, 1, 0, civic_host_commands_check_offset },
    { "STRLEN",           2, 1,  1, 1, 0, NULL },

    /* hashes */
    { "HDEL",             3, 1,  1, 1, 0, NULL },
    { "HEXISTS",          3, 1,  1, 1, 0, NULL },
    { "HGET",             3, 1,  1, 1, 0, NULL },
    { "HGETALL",          2, 1,  1, 1, 0, NULL },
    { "HINCRBY",          4, 1,  1, 1, 0, NULL },
    { "HINCRBYFLOAT",     4, 1,  1, 1, 0, NULL },
    { "HKEYS",            2, 1,  1, 1, 0, NULL },
    { "HLEN",             2, 1,  1, 1, 0, NULL },
    { "HMGET",            3, 1,  1, 1, 0, NULL },
    { "HMSET",            4, 1,  1, 1, 0, NULL },
    { "HRANDFIELD",       2, 1,  1, 1, 0, civic_host_commands_check_random },
    { "HSCAN",            3, 1,  1, 1, 0, NULL },
    { "HSET",             4, 1,  1, 1, 0, NULL },
    { "HSETNX",           4, 1,  1, 1, 0, NULL },
    { "HSTRLEN",          3, 1,  1, 1, 0, NULL },
    { "HVALS",            2, 1,  1, 1, 0, NULL },

    /* lists */
    { "LINDEX",           3, 1,  1, 1, 0, NULL },
    { "LINSERT",          5, 1,  1, 1, 0, NULL },
    { "LLEN",             2, 1,  1, 1, 0, NULL },
    { "LMOVE",            5, 1,  2, 1, 0, NULL },
    { "LMPOP",            4, 0,  0, 1, 1, NULL },
    { "LPOP",             2, 1,  1, 1, 0, NULL },
    { "LPOS",             3, 1,  1, 1, 0, NULL },
    { "LPUSH",            3, 1,  1, 1, 0, NULL },
    { "LPUSHX",           3, 1,  1, 1, 0, NULL },
    { "LRANGE",           4, 1,  1, 1, 0, NULL },
    { "LREM",             4, 1,  1, 1, 0, NULL },
    { "LSET",             4, 1,  1, 1, 0, NULL },
    { "LTRIM",            4, 1,  1, 1, 0, NULL },
    { "RPOP",             2, 1,  1, 1, 0, NULL },
    { "RPOPLPUSH",        3, 1,  2, 1, 0, NULL },
    { "RPUSH",            3, 1,  1, 1, 0, NULL },
    { "RPUSHX",           3, 1,  1, 1, 0, NULL },

    /* sets */
    { "SADD",             3, 1,  1, 1, 0, NULL },
    { "SCARD",            2, 1,  1, 1, 0, NULL },
    { "SDIFF",            2, 1, -1, 1, 0, NULL },
    { "SDIFFSTORE",       3, 1, -1, 1, 0, NULL },
    { "SINTER",           2, 1, -1, 1, 0, NULL },
    { "SINTERCARD",       3, 0,  0, 1, 1, NULL },
    { "SINTERSTORE",      3, 1, -1, 1, 0, NULL },
    { "SISMEMBER",        3, 1,  1, 1, 0, NULL },
    { "SMEMBERS",         2, 1,  1, 1, 0, NULL },
    { "SMISMEMBER",       3, 1,  1, 1, 0, NULL },
    { "SMOVE",            4, 1,  2, 1, 0, NULL },
    { "SPOP",             2, 1,  1, 1, 0, NULL },
    { "SRANDMEMBER",      2, 1,  1, 1, 0, civic_host_commands_check_random },
    { "SREM",             3, 1,  1, 1, 0, NULL },
    { "SSCAN",            3, 1,  1, 1, 0, NULL },
    { "SUNION",           2, 1, -1, 1, 0, NULL },
    { "SUNIONSTORE",      3, 1, -1, 1, 0, NULL },

    /* sorted sets */
    { "ZADD",             4, 1,  1, 1, 0, NULL },
    { "ZCARD",            2, 1,  1, 1, 0, NULL },
    { "ZCOUNT",           4, 1,  1, 1, 0, NULL },
    { "ZDIFF",            3, 0,  0, 1, 1, NULL },
    { "ZDIFFSTORE",       4, 1,  1, 1, 2, NULL },
    { "ZINCRBY",          4, 1,  1, 1, 0, NULL },
    { "ZINTER",           3, 0,  0, 1, 1, NULL },
    { "ZINTERCARD",       3, 0,  0, 1, 1, NULL },
    { "ZINTERSTORE",      4, 1,  1, 1, 2, NULL },
    { "ZLEXCOUNT",        4, 1,  1, 1, 0, NULL },
    { "ZMPOP",            4, 0,  0, 1, 1, NULL },
    { "ZMSCORE",          3, 1,  1, 1, 0, NULL },
    { "ZPOPMAX",          2, 1,  1, 1, 0, NULL },
    { "ZPOPMIN",          2, 1,  1, 1, 0, NULL },
    { "ZRANDMEMBER",      2, 1,  1, 1, 0, civic_host_commands_check_random },
    { "ZRANGE",           4, 1,  1, 1, 0, NULL },
    { "ZRANGEBYLEX",      4, 1,  1, 1, 0, NULL },
    { "ZRANGEBYSCORE",    4, 1,  1, 1, 0, NULL },
    { "ZRANGESTORE",      5, 1,  2, 1, 0, NULL },
    { "ZRANK",            3, 1,  1, 1, 0, NULL },
    { "ZREM",             3, 1,  1, 1, 0, NULL },
    { "ZREMRANGEBYLEX",   4, 1,  1, 1, 0, NULL },
    { "ZREMRANGEBYRANK",  4, 1,  1, 1, 0, NULL },
    { "ZREMRANGEBYSCORE", 4, 1,  1, 1, 0, NULL },
    { "ZREVRANGE",        4, 1,  1, 1, 0, NULL },
    { "ZREVRANGEBYLEX",   4, 1,  1, 1, 0, NULL },
    { "ZREVRANGEBYSCORE", 4, 1,  1, 1, 0, NULL },
    { "ZREVRANK",         3, 1,  1, 1, 0, NULL },
    { "ZSCAN",            3, 1,  1, 1, 0, NULL },
    { "ZSCORE",           3, 1,  1, 1, 0, NULL },
    { "ZUNION",           3, 0,  0, 1, 1, NULL },
    { "ZUNIONSTORE",      4, 1,  1, 1, 2, NULL },

    /* distinct counts */
    { "PFADD",            2, 1,  1, 1, 0, NULL },
    { "PFCOUNT",          2, 1, -1, 1, 0, NULL },
    { "PFMERGE",          3, 1, -1, 1, 0, NULL },

    /* places */
    { "GEOADD",           5, 1,  1, 1, 0, NULL },
    { "GEODIST",          4, 1,  1, 1, 0, NULL },
    { "GEOHASH",          3, 1,  1, 1, 0, NULL },
    { "GEOPOS",           3, 1,  1, 1, 0, NULL },
    { "GEOSEARCH",        7, 1,  1, 1, 0, NULL },
    { "GEOSEARCHSTORE",   8, 1,  2, 1, 0, NULL },

    /* streams */
    { "XACK",             4, 1,  1, 1, 0, NULL },
    { "XADD",             5, 1,  1, 1, 0, NULL },
    { "XAUTOCLAIM",       6, 1,  1, 1, 0, NULL },
    { "XCLAIM",           6, 1,  1, 1, 0, NULL },
    { "XDEL",             3, 1,  1, 1, 0, NULL },
    { "XGROUP",           3, 2,  2, 1, 0, NULL },
    { "XINFO",            3, 2,  2, 1, 0, NULL },
    { "XLEN",             2, 1,  1, 1, 0, NULL },
    { "XPENDING",         3, 1,  1, 1, 0, NULL },
    { "XRANGE",           4, 1,  1, 1, 0, NULL },
    { "XREAD",            4, 0,  0, 1, 0, civic_host_commands_check_streams },
    { "XREADGROUP",       7, 0,  0, 1, 0, civic_host_commands_check_streams },
    { "XREVRANGE",        4, 1,  1, 1, 0, NULL },
    { "XTRIM",            4, 1,  1, 1, 0, NULL }
};

#define CIVIC_HOST_COMMANDS                                                   \
    (sizeof(civic_host_commands) / sizeof(civic_host_commands[0]))


ngx_int_t
civic_host_commands_prefix(const ngx_str_t *plugin,
    const ngx_str_t *aggregate, ngx_pool_t *pool, ngx_str_t *prefix,
    const char **err)
{
    size_t   i;
    u_char  *p;

    if (aggregate->len == 0 || aggregate->len > CIVIC_HOST_AGGREGATE) {
        *err = "an aggregate's name has 1 to 128 bytes";
        return NGX_DECLINED;
    }

    for (i = 0; i < aggregate->len; i++) {

        /* braces would move the hash tag */

        if (aggregate->data[i] <= ' '
            || aggregate->data[i] == 0x7f
            || aggregate->data[i] == '{'
            || aggregate->data[i] == '}')
        {
            *err = "an aggregate's name has neither blanks nor braces";
            return NGX_DECLINED;
        }
    }

    p = ngx_pnalloc(pool, sizeof("civic:{:}:") - 1 + plugin->len
                          + aggregate->len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    prefix->data = p;

    p = ngx_cpymem(p, "civic:{", sizeof("civic:{") - 1);
    p = ngx_cpymem(p, plugin->data, plugin->len);
    *p++ = ':';
    p = ngx_cpymem(p, aggregate->data, aggregate->len);
    *p++ = '}';
    *p++ = ':';

    prefix->len = p - prefix->data;

    return NGX_OK;
}


ngx_int_t
civic_host_commands_key(const ngx_str_t *prefix, ngx_pool_t *pool,
    ngx_str_t *key, const char **err)
{
    u_char  *p;

    if (key->len == 0 || key->len > CIVIC_HOST_KEY_PART) {
        *err = "a key has 1 to 512 bytes";
        return NGX_DECLINED;
    }

    p = ngx_pnalloc(pool, prefix->len + key->len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(p, prefix->data, prefix->len);
    ngx_memcpy(p + prefix->len, key->data, key->len);

    key->data = p;
    key->len += prefix->len;

    return NGX_OK;
}


ngx_int_t
civic_host_commands_prepare(ngx_str_t *argv, ngx_uint_t argc,
    const ngx_str_t *prefix, ngx_pool_t *pool, const char **err)
{
    ngx_int_t                    rc;
    ngx_uint_t                   i, first, last;
    const civic_host_command_t  *command;

    command = civic_host_commands_find(&argv[0], pool);

    if (command == NULL) {
        *err = "no command that plugins may send";
        return NGX_DECLINED;
    }

    if (argc < command->least) {
        *err = "too few arguments";
        return NGX_DECLINED;
    }

    /* before keys are prefixed: one that stands in front of a number */

    if (civic_host_commands_keys(command, argv, argc, &first, &last, err)
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    if (command->count && command->first) {
        rc = civic_host_commands_key(prefix, pool, &argv[command->first],
                                     err);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    for (i = first; i <= last; i += command->step) {

        rc = civic_host_commands_key(prefix, pool, &argv[i], err);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


static const civic_host_command_t *
civic_host_commands_find(ngx_str_t *name, ngx_pool_t *pool)
{
    u_char      *p;
    ngx_uint_t   i;

    for (i = 0; i < CIVIC_HOST_COMMANDS; i++) {

        if (!civic_host_commands_is(name, civic_host_commands[i].name)) {
            continue;
        }

        p = (u_char *) civic_host_commands[i].name;
        name->data = p;

        return &civic_host_commands[i];
    }

    return NULL;
}


static ngx_uint_t
civic_host_commands_is(const ngx_str_t *word, const char *name)
{
    return word->len == ngx_strlen(name)
           && ngx_strncasecmp(word->data, (u_char *) name, word->len) == 0;
}


/* the range of keys, within argv */

static ngx_int_t
civic_host_commands_keys(const civic_host_command_t *command,
    ngx_str_t *argv, ngx_uint_t argc, ngx_uint_t *first, ngx_uint_t *last,
    const char **err)
{
    ngx_int_t   n;
    ngx_uint_t  count;

    *first = command->first;
    *last = command->last < 0 ? argc + command->last
                              : (ngx_uint_t) command->last;

    if (command->check
        && command->check(argv, argc, first, last, err) != NGX_OK)
    {
        return NGX_DECLINED;
    }

    count = command->count;

    if (count) {
        n = ngx_atoi(argv[count].data, argv[count].len);

        if (n < 1 || (ngx_uint_t) n > argc - count - 1) {
            *err = "the number of keys does not fit";
            return NGX_DECLINED;
        }

        *first = count + 1;
        *last = count + n;
    }

    if (command->step == 2 && (argc - *first) % 2) {
        *err = "keys and values do not come in pairs";
        return NGX_DECLINED;
    }

    return NGX_OK;
}


/* ... STREAMS key key id id; without BLOCK before it */

static ngx_int_t
civic_host_commands_check_streams(ngx_str_t *argv, ngx_uint_t argc,
    ngx_uint_t *first, ngx_uint_t *last, const char **err)
{
    ngx_uint_t  i;

    i = 1;

    if (civic_host_commands_is(&argv[0], "XREADGROUP")) {

        /*
         * Redis takes GROUP anywhere, but the group and the consumer may
         * have any name: only here it is known where they stand
         */

        if (!civic_host_commands_is(&argv[1], "GROUP")) {
            *err = "GROUP comes first";
            return NGX_DECLINED;
        }

        i = 4;
    }

    for ( /* void */ ; i < argc; i++) {

        if (civic_host_commands_is(&argv[i], "BLOCK")) {
            *err = "nothing that blocks may be sent";
            return NGX_DECLINED;
        }

        if (civic_host_commands_is(&argv[i], "STREAMS")) {
            break;
        }
    }

    if (i + 2 >= argc || (argc - i - 1) % 2) {
        *err = "STREAMS needs as many keys as ids";
        return NGX_DECLINED;
    }

    *first = i + 1;
    *last = i + (argc - i - 1) / 2;

    return NGX_OK;
}


static ngx_int_t
civic_host_commands_check_copy(ngx_str_t *argv, ngx_uint_t argc,
    ngx_uint_t *first, ngx_uint_t *last, const char **err)
{
    ngx_uint_t  i;

    for (i = 3; i < argc; i++) {

        if (civic_host_commands_is(&argv[i], "DB")) {
            *err = "nothing may be copied to another database";
            return NGX_DECLINED;
        }
    }

    return NGX_OK;
}


/* a byte far out makes Redis allocate everything before it */

static ngx_int_t
civic_host_commands_check_offset(ngx_str_t *argv, ngx_uint_t argc,
    ngx_uint_t *first, ngx_uint_t *last, const char **err)
{
    if (argv[2].len > CIVIC_HOST_OFFSET) {
        *err = "the offset is too large";
        return NGX_DECLINED;
    }

    return NGX_OK;
}


/* below 0 it is repeated so often, however few there are */

static ngx_int_t
civic_host_commands_check_random(ngx_str_t *argv, ngx_uint_t argc,
    ngx_uint_t *first, ngx_uint_t *last, const char **err)
{
    if (argc > 2
        && argv[2].len > CIVIC_HOST_RANDOM + 1
        && argv[2].data[0] == '-')
    {
        *err = "the count is too large";
        return NGX_DECLINED;
    }

    return NGX_OK;
}
