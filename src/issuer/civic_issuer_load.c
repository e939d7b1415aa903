
/*
 * Copyright (C) Civic Gate
 *
 * The keys of an issuer: its file is read once, when the configuration is,
 * so that nginx -t finds every mistake in it.  Owns the generation, which
 * changes with the file's bytes and with every rule of the block.
 */


#include "civic_conf_file.h"
#include "civic_issuer.h"


#define CIVIC_JOSE_KEYS_MAX    (1024 * 1024)   /* bytes of a key file */
#define CIVIC_JOSE_KEYS_ERROR  256


static char *civic_issuer_load_file(ngx_conf_t *cf, civic_issuer_t *issuer);
static ngx_uint_t civic_issuer_symmetric(const ngx_str_t *text);
static void civic_issuer_cleanup(void *data);
static ngx_int_t civic_issuer_generation(civic_issuer_t *issuer,
    const ngx_str_t *keys);
static ngx_int_t civic_issuer_mix_source(u_char *generation,
    const civic_issuer_source_t *source);
static ngx_int_t civic_issuer_mix(u_char *generation,
    const ngx_str_t *item);
static ngx_int_t civic_issuer_mix_list(u_char *generation,
    const ngx_array_t *list);
static ngx_int_t civic_issuer_mix_number(u_char *generation,
    uint64_t number);


char *
civic_issuer_load(ngx_conf_t *cf, civic_issuer_t *issuer)
{
    ngx_str_t  none;

    if (issuer->keys_file.len) {
        return civic_issuer_load_file(cf, issuer);
    }

    ngx_str_null(&none);

    return civic_issuer_generation(issuer, &none) == NGX_OK
           ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static char *
civic_issuer_load_file(ngx_conf_t *cf, civic_issuer_t *issuer)
{
    char                 *rv, err[CIVIC_JOSE_KEYS_ERROR];
    ngx_str_t             text;
    civic_conf_file_t     file;
    ngx_pool_cleanup_t   *cln;

    ngx_memzero(&file, sizeof(civic_conf_file_t));

    file.what = "key file";
    file.pos = &issuer->keys_pos;
    file.pool = cf->temp_pool;
    file.max = CIVIC_JOSE_KEYS_MAX;

    rv = civic_conf_file_read(cf, &file, &issuer->keys_file, &text);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (file.info.st_mode & S_IWOTH) {
        civic_conf_warn(cf, &issuer->keys_pos,
                        "everybody may write to key file \"%V\"",
                        &issuer->keys_file);
    }

    if ((file.info.st_mode & S_IROTH) && civic_issuer_symmetric(&text)) {
        return civic_conf_error(cf, &issuer->keys_pos,
                                "key file \"%V\" holds a symmetric key, and "
                                "everybody may read it: chmod o-rwx",
                                &issuer->keys_file);
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NGX_CONF_ERROR;
    }

    err[0] = '\0';

    issuer->keys = civic_jose_keyset_parse(&text, issuer->algorithms, err,
                                           CIVIC_JOSE_KEYS_ERROR);
    if (issuer->keys == NULL) {
        return civic_conf_error(cf, &issuer->keys_pos, "key file \"%V\": %s",
                                &issuer->keys_file, err);
    }

    cln->handler = civic_issuer_cleanup;
    cln->data = issuer->keys;

    if (civic_issuer_generation(issuer, &text) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    ngx_explicit_memzero(text.data, text.len);

    return NGX_CONF_OK;
}


/* what is no JWKS at all is left to civic_jose_keyset_parse() to explain */

static ngx_uint_t
civic_issuer_symmetric(const ngx_str_t *text)
{
    ngx_str_t            kty;
    ngx_uint_t           i, n, found;
    civic_json_t        *root;
    const civic_json_t  *keys, *key;

    root = civic_json_parse(text, CIVIC_JOSE_KEYS_MAX, NULL, 0);
    if (root == NULL) {
        return 0;
    }

    keys = civic_json_member(root, "keys");
    n = keys ? civic_json_length(keys) : 1;
    found = 0;

    for (i = 0; i < n && !found; i++) {
        key = keys ? civic_json_element(keys, i) : root;

        if (key != NULL) {
            key = civic_json_member(key, "kty");
        }

        found = (key != NULL
                 && civic_json_string(key, &kty) == NGX_OK
                 && kty.len == 3
                 && ngx_strncmp(kty.data, "oct", 3) == 0);
    }

    civic_json_free(root);

    return found;
}


static void
civic_issuer_cleanup(void *data)
{
    civic_jose_keyset_free(data);
}


/*
 * A chain of digests, each over the one before and the digest of one item:
 * no two lists of items have the same end.
 */

static ngx_int_t
civic_issuer_generation(civic_issuer_t *issuer,
    const ngx_str_t *keys)
{
    u_char              *g;
    civic_issuer_rules_t  *rules;

    g = issuer->generation;
    rules = &issuer->rules;

    if (civic_issuer_mix(g, keys) != NGX_OK
        || civic_issuer_mix(g, &issuer->name) != NGX_OK
        || civic_issuer_mix(g, &rules->issuer) != NGX_OK
        || civic_issuer_mix(g, &rules->type) != NGX_OK
        || civic_issuer_mix(g, &rules->subject) != NGX_OK
        || civic_issuer_mix(g, &rules->scope) != NGX_OK
        || civic_issuer_mix(g, &rules->region) != NGX_OK
        || civic_issuer_mix(g, &rules->roles) != NGX_OK
        || civic_issuer_mix(g, &rules->level) != NGX_OK
        || civic_issuer_mix(g, &rules->client) != NGX_OK
        || civic_issuer_mix_list(g, rules->audiences) != NGX_OK
        || civic_issuer_mix_list(g, rules->required) != NGX_OK
        || civic_issuer_mix_number(g, issuer->algorithms) != NGX_OK
        || civic_issuer_mix_number(g, rules->leeway) != NGX_OK
        || civic_issuer_mix_number(g, rules->lifetime) != NGX_OK
        || civic_issuer_mix_source(g, &issuer->keys_from) != NGX_OK
        || civic_issuer_mix_source(g, &issuer->introspect) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* not how often it is asked */

static ngx_int_t
civic_issuer_mix_source(u_char *generation,
    const civic_issuer_source_t *source)
{
    return civic_issuer_mix_number(generation, source->always) == NGX_OK
           && civic_issuer_mix(generation, &source->remote) == NGX_OK
           && civic_issuer_mix(generation, &source->path) == NGX_OK
           ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
civic_issuer_mix(u_char *generation, const ngx_str_t *item)
{
    u_char     both[2 * CIVIC_JOSE_DIGEST_LEN];
    ngx_str_t  text;

    ngx_memcpy(both, generation, CIVIC_JOSE_DIGEST_LEN);

    if (civic_jose_digest(item, both + CIVIC_JOSE_DIGEST_LEN) != NGX_OK) {
        return NGX_ERROR;
    }

    text.data = both;
    text.len = sizeof(both);

    return civic_jose_digest(&text, generation);
}


static ngx_int_t
civic_issuer_mix_list(u_char *generation, const ngx_array_t *list)
{
    ngx_str_t   *item;
    ngx_uint_t   i, n;

    n = list ? list->nelts : 0;

    if (civic_issuer_mix_number(generation, n) != NGX_OK) {
        return NGX_ERROR;
    }

    item = list ? list->elts : NULL;

    for (i = 0; i < n; i++) {

        if (civic_issuer_mix(generation, &item[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
civic_issuer_mix_number(u_char *generation, uint64_t number)
{
    u_char     buf[NGX_INT64_LEN];
    ngx_str_t  text;

    text.data = buf;
    text.len = ngx_snprintf(buf, sizeof(buf), "%uL", number) - buf;

    return civic_issuer_mix(generation, &text);
}
