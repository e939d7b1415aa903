
/*
 * Copyright (C) Civic Gate
 *
 * How blocks of words are read, civic_redis NAME { WORD VALUE...; ... },
 * and lines of them, civic_cors NAME=VALUE WORD ...;
 *
 * A block is a table of its words; what is wrong with every block is told
 * here, in the same sentences for all: a word that is unknown, that comes
 * twice, that is missing, that has too few values, too many, or an empty
 * one.  A word's setter judges its values.  Those below do for most words;
 * an owner adds his own for the rest, and judges the block as a whole once
 * civic_conf_block_parse() or civic_conf_block_line() has returned:
 *
 *     static const civic_conf_range_t  foo_time = { 1, 60000,
 *                                                   "a time from 1ms to 60s" };
 *
 *     static const civic_conf_word_t  foo_words[] = {
 *         { "url", 1, 1, foo_url, 0, NULL, CIVIC_CONF_MANDATORY },
 *         { "timeout", 1, 1, civic_conf_block_msec,
 *           offsetof(foo_t, timeout), &foo_time, 0 },
 *         { "header", 2, 2, foo_header, 0, NULL, CIVIC_CONF_MANY },
 *         { "tls", 0, 9, civic_conf_block_later, 0, "it speaks in the clear",
 *           0 },
 *         { NULL, 0, 0, NULL, 0, NULL, 0 }
 *     };
 *
 *     ngx_memzero(&block, sizeof(civic_conf_block_t));
 *     block.directive = "civic_foo";
 *     block.name = &foo->name;
 *     block.pos = foo->pos;
 *     block.words = foo_words;
 *     block.conf = foo;
 *
 *     rv = civic_conf_block_parse(cf, &block);
 *
 * In a line, and in the pairs of a word, names end with "=" and have one
 * value, which may be empty where `min` is 0; others have none.
 *
 * A table has at most 64 words.  A value may be a secret only where the
 * word has a setter of its own: those below say the value they refuse.
 */


#ifndef _CIVIC_CONF_BLOCK_H_INCLUDED_
#define _CIVIC_CONF_BLOCK_H_INCLUDED_


#include "civic_conf.h"


#define CIVIC_CONF_MANDATORY  1        /* the block must say it */
#define CIVIC_CONF_MANY       2        /* and may say it again */


typedef struct civic_conf_word_s   civic_conf_word_t;
typedef struct civic_conf_block_s  civic_conf_block_t;


/*
 * `value` is the first of the word's values; in a block the others follow:
 * there are cf->args->nelts - 1.  NGX_CONF_OK, or NGX_CONF_ERROR once
 * civic_conf_error() has said what is wrong, and where: in block->place.
 */

typedef char *civic_conf_setter_t(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value);


struct civic_conf_word_s {
    const char               *name;    /* NULL: the end of the table */
    ngx_uint_t                min;     /* values */
    ngx_uint_t                max;
    civic_conf_setter_t      *set;
    size_t                    offset;  /* in block->conf */
    const void               *post;    /* what the setter wants to know */
    ngx_uint_t                flags;
};


struct civic_conf_block_s {
    const char               *directive;
    const ngx_str_t          *name;    /* of the block; NULL: it has none */
    const civic_pos_t        *pos;     /* where it begins; NULL: here */
    const civic_conf_word_t  *words;
    void                     *conf;    /* what the words fill */
    uint64_t                  seen;    /* a bit for each word that came */
    ngx_str_t                 place;   /* civic_foo "bar": the reader's */
};


/* the post of setters of numbers: both ends belong to it */

typedef struct {
    ngx_int_t                 min;
    ngx_int_t                 max;
    const char               *text;    /* "a time from 1ms to 60s" */
} civic_conf_range_t;


/* reads it up to its "}", and sees whether what is mandatory was there */

char *civic_conf_block_parse(ngx_conf_t *cf, civic_conf_block_t *block);

/* likewise the words of a directive's line, from cf->args[first] on */

char *civic_conf_block_line(ngx_conf_t *cf, civic_conf_block_t *block,
    ngx_uint_t first);

/* was the word there? */

ngx_uint_t civic_conf_block_has(const civic_conf_block_t *block,
    const char *word);

/* letters, digits, "_" and "-", at most 64 of them */

char *civic_conf_block_name(ngx_conf_t *cf, const char *directive,
    const ngx_str_t *name);

/* the error of a second block of that name */

char *civic_conf_block_again(ngx_conf_t *cf, const char *directive,
    const ngx_str_t *name, const civic_pos_t *first);


/* setters; what stands at the offset, and post */

civic_conf_setter_t
    civic_conf_block_text,             /* ngx_str_t */
    civic_conf_block_list,             /* ngx_array_t * of ngx_str_t */
    civic_conf_block_file,             /* ngx_str_t: its full name */
    civic_conf_block_number,           /* ngx_uint_t; civic_conf_range_t */
    civic_conf_block_size,             /* size_t; civic_conf_range_t */
    civic_conf_block_msec,             /* ngx_msec_t; civic_conf_range_t */
    civic_conf_block_sec,              /* time_t; civic_conf_range_t */
    civic_conf_block_flag,             /* ngx_uint_t: on is 1, off is 0 */
    civic_conf_block_choice,           /* ngx_uint_t; ngx_conf_enum_t [] */
    civic_conf_block_said,             /* ngx_uint_t: it is there, so 1 */
    civic_conf_block_alone,            /* none: no other may be with it */
    civic_conf_block_pairs,            /* NAME=VALUE ...; a table of words */
    civic_conf_block_later;            /* none: not in this version; why */


#endif /* _CIVIC_CONF_BLOCK_H_INCLUDED_ */
