
/*
 * Copyright (C) Civic Gate
 *
 * jws-verify JWK_FILE: reads a compact JWS on standard input, prints its
 * payload and exits 0, or names the reason on standard error and exits 1.
 * A wrong call or key file: 2.  It has the gate's code and no more, so that
 * anyone can try the gate with vectors of his own; the key file is trusted
 * to say which algorithm is meant.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "civic_jose_key.h"


#define CIVIC_JWS_VERIFY_MAX_FILE  (1024 * 1024)

#define CIVIC_JWS_VERIFY_ALL  (CIVIC_ALG_RS256|CIVIC_ALG_RS384                \
    |CIVIC_ALG_RS512|CIVIC_ALG_PS256|CIVIC_ALG_PS384|CIVIC_ALG_PS512          \
    |CIVIC_ALG_ES256|CIVIC_ALG_ES384|CIVIC_ALG_ES512|CIVIC_ALG_EDDSA          \
    |CIVIC_ALG_SM2|CIVIC_ALG_HMAC)


static civic_jose_keyset_t *civic_jws_verify_keys(const char *name);
static ngx_int_t civic_jws_verify_read(FILE *file, ngx_str_t *text,
    size_t max);
static civic_problem_e civic_jws_verify(const civic_jose_keyset_t *set,
    const ngx_str_t *token, u_char *buf, civic_jose_jws_t *jws);


/* civic_json_text() alone would call it, and is not called here */

void *
ngx_pnalloc(ngx_pool_t *pool, size_t size)
{
    return NULL;
}


int
main(int argc, char *const *argv)
{
    int                   status;
    u_char                buf[CIVIC_JOSE_MAX_TOKEN];
    ngx_str_t             token;
    civic_jose_jws_t      jws;
    civic_problem_e       problem;
    civic_jose_keyset_t  *set;

    if (argc != 2) {
        (void) fprintf(stderr, "usage: jws-verify JWK_FILE < TOKEN\n");
        return 2;
    }

    set = civic_jws_verify_keys(argv[1]);
    if (set == NULL) {
        return 2;
    }

    /* two bytes more for the end of the line, one to see that it is longer */

    if (civic_jws_verify_read(stdin, &token, CIVIC_JOSE_MAX_TOKEN + 3)
        != NGX_OK)
    {
        (void) fprintf(stderr, "jws-verify: cannot read standard input\n");
        civic_jose_keyset_free(set);
        return 2;
    }

    if (token.len && token.data[token.len - 1] == LF) {
        token.len--;

        if (token.len && token.data[token.len - 1] == CR) {
            token.len--;
        }
    }

    problem = civic_jws_verify(set, &token, buf, &jws);
    status = 1;

    if (problem != CIVIC_OK) {
        (void) fprintf(stderr, "%s\n", civic_problems[problem].code.data);

    } else if (fwrite(jws.payload.data, 1, jws.payload.len, stdout)
               == jws.payload.len && fflush(stdout) == 0)
    {
        status = 0;

    } else {
        (void) fprintf(stderr, "jws-verify: cannot write the payload\n");
    }

    free(token.data);
    civic_jose_keyset_free(set);

    return status;
}


static civic_jose_keyset_t *
civic_jws_verify_keys(const char *name)
{
    char                  err[512];
    FILE                 *file;
    ngx_int_t             rc;
    ngx_str_t             text;
    civic_jose_keyset_t  *set;

    file = fopen(name, "rb");

    if (file == NULL) {
        (void) fprintf(stderr, "jws-verify: %s: %s\n", name, strerror(errno));
        return NULL;
    }

    rc = civic_jws_verify_read(file, &text, CIVIC_JWS_VERIFY_MAX_FILE);
    (void) fclose(file);

    if (rc != NGX_OK) {
        (void) fprintf(stderr, "jws-verify: %s: cannot be read\n", name);
        return NULL;
    }

    set = civic_jose_keyset_parse(&text, CIVIC_JWS_VERIFY_ALL, err,
                                  sizeof(err));
    free(text.data);

    if (set == NULL) {
        (void) fprintf(stderr, "jws-verify: %s: %s\n", name, err);
    }

    return set;
}


/* the first `max` bytes of a file; the caller frees them */

static ngx_int_t
civic_jws_verify_read(FILE *file, ngx_str_t *text, size_t max)
{
    text->data = malloc(max);
    if (text->data == NULL) {
        return NGX_ERROR;
    }

    text->len = fread(text->data, 1, max, file);

    if (ferror(file)) {
        free(text->data);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static civic_problem_e
civic_jws_verify(const civic_jose_keyset_t *set, const ngx_str_t *token,
    u_char *buf, civic_jose_jws_t *jws)
{
    civic_problem_e    problem;
    civic_jose_jws_t   nameless;
    civic_jose_key_t  *key;

    problem = civic_jose_jws_parse(token, buf, jws);

    if (problem != CIVIC_OK) {
        return problem;
    }

    key = civic_jose_keyset_find(set, jws, &problem);

    if (key == NULL && civic_jose_keyset_size(set) == 1) {

        /* the file's one key has no name that the token's could contradict */

        nameless = *jws;
        ngx_str_null(&nameless.kid);

        key = civic_jose_keyset_find(set, &nameless, &problem);

        if (key && key->kid.data) {
            return CIVIC_KEY_UNKNOWN;
        }
    }

    return key ? civic_jose_jws_verify(key, jws) : problem;
}
