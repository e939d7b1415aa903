
/*
 * Copyright (C) Civic Gate
 *
 * Reading JSON by a table of members, strictly: what is not in the table is
 * refused, and every sentence begins with the place.
 */


#ifndef _CIVIC_APP_READ_H_INCLUDED_
#define _CIVIC_APP_READ_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "civic_json.h"


#define CIVIC_APP_READ_PLACE  128
#define CIVIC_APP_READ_ERROR  512


typedef struct {
    ngx_pool_t             *pool;      /* of all that is read */
    time_t                  now;       /* 0: what depends on it is not asked */
    const u_char           *seal;      /* key of sealed secrets, or NULL */
    unsigned                sealed:1;  /* secrets must be sealed */
    size_t                  at;        /* bytes of `place` */
    char                    place[CIVIC_APP_READ_PLACE];
    char                    err[CIVIC_APP_READ_ERROR];
} civic_app_reader_t;


/* NGX_OK, or NGX_DECLINED with a sentence in reader->err */

typedef ngx_int_t (*civic_app_read_pt)(civic_app_reader_t *reader,
    const civic_json_t *json, void *out);

typedef struct {
    const char             *name;
    ngx_uint_t              mandatory;
    civic_app_read_pt       read;
    size_t                  offset;    /* from `out` */
} civic_app_member_t;


ngx_int_t civic_app_read_object(civic_app_reader_t *reader,
    const civic_json_t *json, const civic_app_member_t *members, void *out);

/* each element, with the same `out` */

ngx_int_t civic_app_read_list(civic_app_reader_t *reader,
    const civic_json_t *json, ngx_uint_t max, civic_app_read_pt read,
    void *out);

/* ngx_str_t in the pool, without control characters; time_t; unsigned char */

ngx_int_t civic_app_read_text(civic_app_reader_t *reader,
    const civic_json_t *json, void *out);
ngx_int_t civic_app_read_time(civic_app_reader_t *reader,
    const civic_json_t *json, void *out);
ngx_int_t civic_app_read_flag(civic_app_reader_t *reader,
    const civic_json_t *json, void *out);

/* 64 hexadecimal digits, lower case: 32 bytes at `out` */

ngx_int_t civic_app_read_digest(civic_app_reader_t *reader,
    const civic_json_t *json, void *out);

/* letters, digits, "_" and "-": an ngx_str_t */

ngx_int_t civic_app_read_name(civic_app_reader_t *reader,
    const civic_json_t *json, void *out);

/* adds to a list separated by single spaces, in which nothing comes twice */

ngx_int_t civic_app_read_word(civic_app_reader_t *reader, ngx_str_t *list,
    const ngx_str_t *word);

/* always NGX_DECLINED; the place comes before */

ngx_int_t civic_app_read_error(civic_app_reader_t *reader, const char *fmt,
    ...);


#endif /* _CIVIC_APP_READ_H_INCLUDED_ */
