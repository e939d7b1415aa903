
/*
 * Copyright (C) Civic Gate
 *
 * The keys that sign, read while the process may still read them, and their
 * public halves as they are published.
 */


#include "civic_assertion_conf.h"
#include "civic_conf_block.h"
#include "civic_conf_file.h"
#include "civic_jose_base64url.h"


#define CIVIC_ASSERTION_KEY_MAX    65536
#define CIVIC_ASSERTION_KID_MAX    64
#define CIVIC_ASSERTION_KEY_ERROR  256


typedef struct {
    ngx_str_t               issuer;
    ngx_str_t               kid;
} civic_assertion_key_line_t;


static char *civic_assertion_key_words(ngx_conf_t *cf,
    civic_assertion_main_conf_t *amcf, civic_assertion_key_t *key);
static char *civic_assertion_key_issuer(ngx_conf_t *cf,
    civic_assertion_main_conf_t *amcf, ngx_str_t *issuer);
static char *civic_assertion_key_name(ngx_conf_t *cf,
    civic_assertion_main_conf_t *amcf, civic_assertion_key_t *key);
static char *civic_assertion_key_load(ngx_conf_t *cf, ngx_str_t *name,
    civic_assertion_key_t *key);
static char *civic_assertion_key_parse(ngx_conf_t *cf, const ngx_str_t *name,
    const ngx_str_t *text, civic_assertion_key_t *key);
static void civic_assertion_key_cleanup(void *data);


static const civic_conf_word_t  civic_assertion_key_line[] = {

    { "issuer=", 1, 1, civic_conf_block_text,
      offsetof(civic_assertion_key_line_t, issuer), NULL, 0 },

    { "kid=", 1, 1, civic_conf_block_text,
      offsetof(civic_assertion_key_line_t, kid), NULL, 0 },

    { NULL, 0, 0, NULL, 0, NULL, 0 }
};


/* civic_assertion_key FILE [issuer=URL] [kid=NAME] */

char *
civic_assertion_key_slot(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    civic_assertion_main_conf_t  *amcf = conf;

    char                   *rv;
    ngx_str_t              *value;
    civic_assertion_key_t  *key;

    value = cf->args->elts;

    civic_activate(cf);

    if (amcf->nkeys == CIVIC_ASSERTION_KEYS) {
        return civic_conf_error(cf, NULL, "more than %d civic_assertion_key "
                                "lines", CIVIC_ASSERTION_KEYS);
    }

    key = &amcf->keys[amcf->nkeys];

    rv = civic_assertion_key_words(cf, amcf, key);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    rv = civic_assertion_key_load(cf, &value[1], key);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    rv = civic_assertion_key_name(cf, amcf, key);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    amcf->nkeys++;

    return NGX_CONF_OK;
}


static char *
civic_assertion_key_words(ngx_conf_t *cf, civic_assertion_main_conf_t *amcf,
    civic_assertion_key_t *key)
{
    char                        *rv;
    civic_conf_block_t           block;
    civic_assertion_key_line_t   line;

    ngx_memzero(&line, sizeof(civic_assertion_key_line_t));
    ngx_memzero(&block, sizeof(civic_conf_block_t));

    block.directive = "civic_assertion_key";
    block.words = civic_assertion_key_line;
    block.conf = &line;

    rv = civic_conf_block_line(cf, &block, 2);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    key->kid = line.kid;

    return civic_assertion_key_issuer(cf, amcf, &line.issuer);
}


static char *
civic_assertion_key_issuer(ngx_conf_t *cf, civic_assertion_main_conf_t *amcf,
    ngx_str_t *issuer)
{
    if (issuer->len == 0) {

        return amcf->nkeys ? NGX_CONF_OK
                           : civic_conf_error(cf, NULL, "the first "
                                              "civic_assertion_key has no "
                                              "issuer=");
    }

    if (ngx_strlchr(issuer->data, issuer->data + issuer->len, ' ') != NULL) {
        return civic_conf_error(cf, NULL, "issuer \"%V\" of "
                                "civic_assertion_key has a space", issuer);
    }

    if (amcf->nkeys == 0) {
        amcf->issuer = *issuer;
        return NGX_CONF_OK;
    }

    if (issuer->len != amcf->issuer.len
        || ngx_memcmp(issuer->data, amcf->issuer.data, issuer->len) != 0)
    {
        return civic_conf_error(cf, NULL, "issuer \"%V\" of "
                                "civic_assertion_key is not the first one's",
                                issuer);
    }

    return NGX_CONF_OK;
}


static char *
civic_assertion_key_name(ngx_conf_t *cf, civic_assertion_main_conf_t *amcf,
    civic_assertion_key_t *key)
{
    u_char      ch;
    size_t      n;
    ngx_uint_t  i;

    if (key->kid.len == 0) {
        key->kid = *civic_jose_signer_thumbprint(key->signer);
    }

    for (n = 0; n < key->kid.len; n++) {
        ch = key->kid.data[n];

        if (!((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z')
            && !(ch >= '0' && ch <= '9')
            && ch != '.' && ch != '_' && ch != '-')
        {
            break;
        }
    }

    if (n < key->kid.len || n > CIVIC_ASSERTION_KID_MAX) {
        return civic_conf_error(cf, NULL, "\"kid=%V\" in civic_assertion_key "
                                "is not at most 64 letters, digits, \".\", "
                                "\"_\" and \"-\"", &key->kid);
    }

    for (i = 0; i < amcf->nkeys; i++) {

        if (amcf->keys[i].kid.len == key->kid.len
            && ngx_memcmp(amcf->keys[i].kid.data, key->kid.data,
                          key->kid.len)
               == 0)
        {
            return civic_conf_error(cf, NULL, "civic_assertion_key has the "
                                    "kid \"%V\" twice", &key->kid);
        }
    }

    return NGX_CONF_OK;
}


static char *
civic_assertion_key_load(ngx_conf_t *cf, ngx_str_t *name,
    civic_assertion_key_t *key)
{
    char               *rv;
    ngx_str_t           text;
    civic_conf_file_t   file;

    ngx_memzero(&file, sizeof(civic_conf_file_t));

    file.what = "key file";
    file.pool = cf->temp_pool;
    file.max = CIVIC_ASSERTION_KEY_MAX;
    file.secret = 1;

    rv = civic_conf_file_read(cf, &file, name, &text);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    rv = civic_assertion_key_parse(cf, name, &text, key);

    ngx_explicit_memzero(text.data, text.len);

    return rv;
}


static char *
civic_assertion_key_parse(ngx_conf_t *cf, const ngx_str_t *name,
    const ngx_str_t *text, civic_assertion_key_t *key)
{
    char                 err[CIVIC_ASSERTION_KEY_ERROR];
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NGX_CONF_ERROR;
    }

    key->signer = civic_jose_signer_parse(text, err, sizeof(err));

    if (key->signer == NULL) {
        return civic_conf_error(cf, NULL, "key file \"%V\" holds %s", name,
                                err);
    }

    cln->handler = civic_assertion_key_cleanup;
    cln->data = key->signer;

    return NGX_CONF_OK;
}


static void
civic_assertion_key_cleanup(void *data)
{
    civic_jose_signer_free(data);
}


ngx_int_t
civic_assertion_key_publish(ngx_conf_t *cf,
    civic_assertion_main_conf_t *amcf)
{
    u_char                 *p, *last, *text;
    size_t                  size;
    ngx_str_t               header, public;
    ngx_uint_t              i;
    civic_assertion_key_t  *key;

    key = amcf->keys;
    size = sizeof("{\"keys\":[]}") + amcf->nkeys * 512;

    text = ngx_pnalloc(cf->pool, size);
    amcf->jwks.data = ngx_pnalloc(cf->pool, size);
    amcf->header.data = ngx_pnalloc(cf->pool, size);

    if (text == NULL || amcf->jwks.data == NULL || amcf->header.data == NULL)
    {
        return NGX_ERROR;
    }

    header.data = text;
    header.len = ngx_snprintf(text, size, "{\"typ\":\"civic-assertion+jwt\","
                              "\"alg\":\"%V\",\"kid\":\"%V\"}",
                              civic_jose_signer_algorithm(key[0].signer),
                              &key[0].kid)
                 - text;

    amcf->header.len = civic_jose_base64url_encode(amcf->header.data, &header)
                       - amcf->header.data;

    last = amcf->jwks.data + size;
    p = ngx_slprintf(amcf->jwks.data, last, "{\"keys\":[");

    for (i = 0; i < amcf->nkeys; i++) {

        /* without the brace at its end */

        public = *civic_jose_signer_public(key[i].signer);
        public.len--;

        p = ngx_slprintf(p, last, "%s%V,\"kid\":\"%V\",\"alg\":\"%V\","
                         "\"use\":\"sig\"}", i ? "," : "", &public,
                         &key[i].kid,
                         civic_jose_signer_algorithm(key[i].signer));
    }

    p = ngx_slprintf(p, last, "]}");
    amcf->jwks.len = p - amcf->jwks.data;

    return NGX_OK;
}
