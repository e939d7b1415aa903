
/*
 * Copyright (C) Civic Gate
 *
 * An application as its record says (docs/directives/app.md has the shape),
 * with every credential that leads to it.
 */


#ifndef _CIVIC_APP_RECORD_H_INCLUDED_
#define _CIVIC_APP_RECORD_H_INCLUDED_


#include "civic_app.h"
#include "civic_app_cidr.h"
#include "civic_app_read.h"


#define CIVIC_APP_MAX_RECORD     32768 /* bytes of JSON */
#define CIVIC_APP_MAX_KEYS       8     /* expired ones among them */
#define CIVIC_APP_MAX_VALID      2
#define CIVIC_APP_MAX_SIGNERS    8
#define CIVIC_APP_MAX_CERTIFICATES  16
#define CIVIC_APP_MAX_SCOPES     64
#define CIVIC_APP_MAX_ADDRESSES  64
#define CIVIC_APP_FIELD          (sizeof("fingerprint:") + 512)


typedef struct civic_app_record_s  civic_app_record_t;


typedef struct {
    ngx_rbtree_node_t       node;      /* owned by civic_app_index.c */
    civic_app_record_t     *record;
    ngx_uint_t              by;        /* civic_app_by_e */
    ngx_str_t               value;     /* by which it is found */
    ngx_str_t               id;
    time_t                  expires;   /* 0: never */
    time_t                  created;
    civic_app_signer_t     *signer;    /* or NULL */
} civic_app_credential_t;


struct civic_app_record_s {
    ngx_pool_t             *pool;      /* of all of it */
    ngx_queue_t             queue;     /* owned by civic_app_cache.c */
    ngx_str_node_t          named;     /* likewise */
    size_t                  size;      /* likewise */

    ngx_str_t               name;
    ngx_str_t               title;
    ngx_str_t               scope;     /* separated by single spaces */
    ngx_str_t               region;
    ngx_str_t               class;
    time_t                  expires;   /* 0: never */
    ngx_array_t             addresses; /* civic_app_cidr_t; none: from all */
    ngx_array_t             keys;      /* civic_app_credential_t */
    ngx_array_t             signers;   /* likewise */
    ngx_array_t             certificates; /* likewise */
    u_char                  enabled;
};


/* NULL: reader->err says why.  Keys of signers are freed with the pool */

civic_app_record_t *civic_app_record_parse(civic_app_reader_t *reader,
    const civic_json_t *json);

/* all credentials of a record: `i` from 0; NULL: there are no more */

civic_app_credential_t *civic_app_record_credential(
    const civic_app_record_t *record, ngx_uint_t i);

/* the lists of credentials: `out` is the record */

ngx_int_t civic_app_credential_keys(civic_app_reader_t *reader,
    const civic_json_t *json, void *out);
ngx_int_t civic_app_credential_signers(civic_app_reader_t *reader,
    const civic_json_t *json, void *out);
ngx_int_t civic_app_credential_certificates(civic_app_reader_t *reader,
    const civic_json_t *json, void *out);

/*
 * A new one, zeroed but for these.  NULL: the list has it already, and the
 * reader says so; ids of certificates are empty.
 */

civic_app_credential_t *civic_app_credential_add(civic_app_reader_t *reader,
    ngx_array_t *list, ngx_uint_t by, const ngx_str_t *value,
    const ngx_str_t *id);

/*
 * How Redis's index calls a credential: "key:HEX", "signer:ID",
 * "fingerprint:HEX" or "subject:TEXT", into field[CIVIC_APP_FIELD].
 */

size_t civic_app_credential_field(ngx_uint_t by, const ngx_str_t *value,
    u_char *field);

/* what a sealed secret is bound to: "app:NAME:ID", in `pool` */

ngx_int_t civic_app_credential_whose(ngx_pool_t *pool, const ngx_str_t *app,
    const ngx_str_t *id, ngx_str_t *whose);


#endif /* _CIVIC_APP_RECORD_H_INCLUDED_ */
