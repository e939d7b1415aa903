
/*
 * Copyright (C) Civic Gate
 *
 * Files that directives name.  They are read while the configuration is and
 * never later: workers need no right to read them, and nginx -t finds what
 * is wrong.
 */


#ifndef _CIVIC_CONF_FILE_H_INCLUDED_
#define _CIVIC_CONF_FILE_H_INCLUDED_


#include "civic_conf.h"


typedef struct {
    const char             *what;      /* "key file", for errors */
    const civic_pos_t      *pos;       /* of the directive; NULL: here */
    ngx_pool_t             *pool;      /* of the text */
    size_t                  max;       /* bytes */
    ngx_uint_t              secret;    /* an error if everybody has a right */
    ngx_file_info_t         info;      /* what was found */
} civic_conf_file_t;


/*
 * The whole file `name`, which is no empty one, with a zero byte behind it.
 * NGX_CONF_OK, or NGX_CONF_ERROR once it is said what is wrong.
 */

char *civic_conf_file_read(ngx_conf_t *cf, civic_conf_file_t *file,
    const ngx_str_t *name, ngx_str_t *text);

/* the same, without the line feed that editors leave at its end */

char *civic_conf_file_line(ngx_conf_t *cf, civic_conf_file_t *file,
    const ngx_str_t *name, ngx_str_t *text);


#endif /* _CIVIC_CONF_FILE_H_INCLUDED_ */
