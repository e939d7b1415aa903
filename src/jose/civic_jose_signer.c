
/*
 * Copyright (C) Civic Gate
 *
 * Keys are parsed and checked once, at start: a pair that does not fit would
 * sign what nobody can verify.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include "civic_jose_base64url.h"
#include "civic_jose_digest.h"
#include "civic_jose_pkey.h"
#include "civic_jose_signer.h"


#define CIVIC_JOSE_SIGNER_TEXT   65536
#define CIVIC_JOSE_SIGNER_SIDE   32    /* bytes of a coordinate, a scalar */
#define CIVIC_JOSE_SIGNER_POINT  (1 + 2 * CIVIC_JOSE_SIGNER_SIDE)
#define CIVIC_JOSE_SIGNER_DER    80    /* of two integers of 32 bytes */


struct civic_jose_signer_s {
    EVP_PKEY      *pkey;
    const EVP_MD  *md;                 /* NULL: Ed25519 has its own */
    ngx_str_t      algorithm;
    ngx_str_t      public;
    ngx_str_t      thumbprint;
    u_char         public_text[256];
    u_char         thumbprint_text[CIVIC_JOSE_THUMBPRINT];
};


static EVP_PKEY *civic_jose_signer_pem(const ngx_str_t *text, char *err,
    size_t errlen);
static int civic_jose_signer_password(char *buf, int size, int rwflag,
    void *u);
static EVP_PKEY *civic_jose_signer_jwk(const ngx_str_t *text, char *err,
    size_t errlen);
static EVP_PKEY *civic_jose_signer_jwk_key(const civic_json_t *jwk,
    char *err, size_t errlen);
static EVP_PKEY *civic_jose_signer_ec(EVP_PKEY *public, const ngx_str_t *d);
static ngx_uint_t civic_jose_signer_fits(EVP_PKEY *pkey, EVP_PKEY *public);
static const char *civic_jose_signer_describe(civic_jose_signer_t *signer);
static ngx_int_t civic_jose_signer_raw(const u_char *der, size_t len,
    u_char signature[CIVIC_JOSE_SIGNATURE]);


civic_jose_signer_t *
civic_jose_signer_parse(const ngx_str_t *text, char *err, size_t errlen)
{
    size_t                i;
    const char           *reason;
    civic_jose_signer_t  *signer;

    signer = calloc(1, sizeof(civic_jose_signer_t));
    if (signer == NULL) {
        (void) snprintf(err, errlen, "no memory");
        return NULL;
    }

    for (i = 0; i < text->len && text->data[i] <= ' '; i++) { /* void */ }

    signer->pkey = (i < text->len && text->data[i] == '{')
                   ? civic_jose_signer_jwk(text, err, errlen)
                   : civic_jose_signer_pem(text, err, errlen);

    reason = signer->pkey ? civic_jose_signer_describe(signer) : NULL;

    if (reason != NULL) {
        (void) snprintf(err, errlen, "%s", reason);
    }

    ERR_clear_error();

    if (signer->pkey == NULL || reason != NULL) {
        civic_jose_signer_free(signer);
        return NULL;
    }

    return signer;
}


void
civic_jose_signer_free(civic_jose_signer_t *signer)
{
    EVP_PKEY_free(signer->pkey);
    free(signer);
}


const ngx_str_t *
civic_jose_signer_algorithm(const civic_jose_signer_t *signer)
{
    return &signer->algorithm;
}


const ngx_str_t *
civic_jose_signer_public(const civic_jose_signer_t *signer)
{
    return &signer->public;
}


const ngx_str_t *
civic_jose_signer_thumbprint(const civic_jose_signer_t *signer)
{
    return &signer->thumbprint;
}


static EVP_PKEY *
civic_jose_signer_pem(const ngx_str_t *text, char *err, size_t errlen)
{
    BIO       *bio;
    EVP_PKEY  *pkey;

    pkey = NULL;
    bio = BIO_new_mem_buf(text->data, (int) text->len);

    if (bio != NULL) {
        pkey = PEM_read_bio_PrivateKey(bio, NULL, civic_jose_signer_password,
                                       NULL);
    }

    BIO_free(bio);

    if (pkey == NULL) {
        (void) snprintf(err, errlen, "no private key in PEM without a "
                        "password, and no JWK");
    }

    return pkey;
}


/* nobody is asked at a terminal */

static int
civic_jose_signer_password(char *buf, int size, int rwflag, void *u)
{
    return -1;
}


static EVP_PKEY *
civic_jose_signer_jwk(const ngx_str_t *text, char *err, size_t errlen)
{
    EVP_PKEY      *pkey;
    civic_json_t  *jwk;

    jwk = civic_json_parse(text, CIVIC_JOSE_SIGNER_TEXT, NULL, 0);

    /* what is wrong with it might quote it */

    if (jwk == NULL) {
        (void) snprintf(err, errlen, "not JSON");
        return NULL;
    }

    pkey = civic_jose_signer_jwk_key(jwk, err, errlen);

    civic_json_free(jwk);

    return pkey;
}


static EVP_PKEY *
civic_jose_signer_jwk_key(const civic_json_t *jwk, char *err, size_t errlen)
{
    u_char               buf[CIVIC_JOSE_PKEY_MAX];
    EVP_PKEY            *pkey, *public;
    ngx_str_t            kty, d;
    const civic_json_t  *member;

    member = civic_json_member(jwk, "kty");

    if (member == NULL || civic_json_string(member, &kty) != NGX_OK) {
        (void) snprintf(err, errlen, "a JWK without \"kty\"");
        return NULL;
    }

    if (civic_jose_pkey_bytes(jwk, "d", buf, &d, err, errlen) != NGX_OK) {
        return NULL;
    }

    public = civic_jose_pkey_parse(jwk, &kty, err, errlen);
    pkey = NULL;

    if (public != NULL && d.len == CIVIC_JOSE_SIGNER_SIDE) {

        pkey = EVP_PKEY_is_a(public, "ED25519")
               ? EVP_PKEY_new_raw_private_key_ex(NULL, "ED25519", NULL,
                                                 d.data, d.len)
               : civic_jose_signer_ec(public, &d);
    }

    OPENSSL_cleanse(buf, sizeof(buf));

    if (pkey != NULL && !civic_jose_signer_fits(pkey, public)) {
        EVP_PKEY_free(pkey);
        pkey = NULL;
    }

    if (public != NULL && pkey == NULL) {
        (void) snprintf(err, errlen, "\"d\" is not the private half of it");
    }

    EVP_PKEY_free(public);

    return pkey;
}


static EVP_PKEY *
civic_jose_signer_ec(EVP_PKEY *public, const ngx_str_t *d)
{
    BIGNUM          *n;
    u_char           point[CIVIC_JOSE_SIGNER_POINT];
    size_t           len;
    EVP_PKEY        *pkey;
    OSSL_PARAM      *params;
    EVP_PKEY_CTX    *ctx;
    OSSL_PARAM_BLD  *build;

    if (!EVP_PKEY_is_a(public, "EC")
        || !EVP_PKEY_get_octet_string_param(public,
                                            OSSL_PKEY_PARAM_PUB_KEY, point,
                                            sizeof(point), &len))
    {
        return NULL;
    }

    pkey = NULL;
    params = NULL;

    n = BN_bin2bn(d->data, (int) d->len, NULL);
    build = OSSL_PARAM_BLD_new();
    ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);

    if (n && build && ctx
        && OSSL_PARAM_BLD_push_utf8_string(build,
                                           OSSL_PKEY_PARAM_GROUP_NAME,
                                           "P-256", 0)
        && OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY,
                                            point, len)
        && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, n)
        && (params = OSSL_PARAM_BLD_to_param(build)) != NULL
        && EVP_PKEY_fromdata_init(ctx) == 1)
    {
        (void) EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params);
    }

    OSSL_PARAM_free(params);
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_BLD_free(build);
    BN_clear_free(n);

    return pkey;
}


/* of Ed25519 the public half was derived, of EC it was only told */

static ngx_uint_t
civic_jose_signer_fits(EVP_PKEY *pkey, EVP_PKEY *public)
{
    ngx_uint_t     fits;
    EVP_PKEY_CTX  *ctx;

    if (EVP_PKEY_is_a(pkey, "ED25519")) {
        return EVP_PKEY_eq(pkey, public) == 1;
    }

    ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    fits = ctx != NULL && EVP_PKEY_pairwise_check(ctx) == 1;

    EVP_PKEY_CTX_free(ctx);

    return fits;
}


/* NULL, or why it cannot sign */

static const char *
civic_jose_signer_describe(civic_jose_signer_t *signer)
{
    char        group[32];
    u_char     *p, bytes[CIVIC_JOSE_SIGNER_POINT];
    size_t      len;
    ngx_str_t   digest, x, y;

    x.data = bytes;
    x.len = CIVIC_JOSE_SIGNER_SIDE;
    ngx_str_null(&y);

    p = signer->public_text;

    if (EVP_PKEY_is_a(signer->pkey, "ED25519")) {
        len = sizeof(bytes);

        if (EVP_PKEY_get_raw_public_key(signer->pkey, bytes, &len) != 1) {
            return "no public half to be had";
        }

        ngx_str_set(&signer->algorithm, "EdDSA");
        p = ngx_cpymem(p, "{\"crv\":\"Ed25519\",\"kty\":\"OKP\"", 28);

    } else if (EVP_PKEY_is_a(signer->pkey, "EC")
               && EVP_PKEY_get_utf8_string_param(signer->pkey,
                                                 OSSL_PKEY_PARAM_GROUP_NAME,
                                                 group, sizeof(group), NULL)
               && (strcmp(group, "prime256v1") == 0
                   || strcmp(group, "P-256") == 0))
    {
        if (!EVP_PKEY_get_octet_string_param(signer->pkey,
                                             OSSL_PKEY_PARAM_PUB_KEY, bytes,
                                             sizeof(bytes), &len)
            || len != CIVIC_JOSE_SIGNER_POINT
            || bytes[0] != POINT_CONVERSION_UNCOMPRESSED)
        {
            return "no public half to be had";
        }

        ngx_str_set(&signer->algorithm, "ES256");
        signer->md = EVP_sha256();
        p = ngx_cpymem(p, "{\"crv\":\"P-256\",\"kty\":\"EC\"", 25);

        x.data = bytes + 1;
        y.data = x.data + x.len;
        y.len = x.len;

    } else {
        return "neither of P-256 (ES256) nor of Ed25519 (EdDSA)";
    }

    p = ngx_cpymem(p, ",\"x\":\"", 6);
    p = civic_jose_base64url_encode(p, &x);

    if (y.len) {
        p = ngx_cpymem(p, "\",\"y\":\"", 7);
        p = civic_jose_base64url_encode(p, &y);
    }

    p = ngx_cpymem(p, "\"}", 2);

    signer->public.data = signer->public_text;
    signer->public.len = p - signer->public_text;

    if (civic_jose_digest(&signer->public, bytes) != NGX_OK) {
        return "no digest to be had";
    }

    digest.data = bytes;
    digest.len = CIVIC_JOSE_DIGEST_LEN;

    (void) civic_jose_base64url_encode(signer->thumbprint_text, &digest);

    signer->thumbprint.data = signer->thumbprint_text;
    signer->thumbprint.len = CIVIC_JOSE_THUMBPRINT;

    return NULL;
}


ngx_int_t
civic_jose_signer_sign(const civic_jose_signer_t *signer,
    const ngx_str_t *text, u_char signature[CIVIC_JOSE_SIGNATURE])
{
    u_char       der[CIVIC_JOSE_SIGNER_DER];
    size_t       len;
    ngx_int_t    rc;
    EVP_MD_CTX  *ctx;

    rc = NGX_ERROR;
    len = sizeof(der);
    ctx = EVP_MD_CTX_new();

    if (ctx != NULL
        && EVP_DigestSignInit(ctx, NULL, signer->md, NULL, signer->pkey) == 1
        && EVP_DigestSign(ctx, der, &len, text->data, text->len) == 1)
    {
        if (signer->md != NULL) {
            rc = civic_jose_signer_raw(der, len, signature);

        } else if (len == CIVIC_JOSE_SIGNATURE) {
            ngx_memcpy(signature, der, len);
            rc = NGX_OK;
        }
    }

    EVP_MD_CTX_free(ctx);
    ERR_clear_error();

    return rc;
}


/* JWS has the two numbers of ECDSA side by side, RFC 7518 section 3.4 */

static ngx_int_t
civic_jose_signer_raw(const u_char *der, size_t len,
    u_char signature[CIVIC_JOSE_SIGNATURE])
{
    ngx_int_t      rc;
    ECDSA_SIG     *sig;
    const u_char  *p;

    p = der;
    sig = d2i_ECDSA_SIG(NULL, &p, (long) len);

    if (sig == NULL) {
        return NGX_ERROR;
    }

    rc = NGX_ERROR;

    if (BN_bn2binpad(ECDSA_SIG_get0_r(sig), signature,
                     CIVIC_JOSE_SIGNER_SIDE)
        == CIVIC_JOSE_SIGNER_SIDE
        && BN_bn2binpad(ECDSA_SIG_get0_s(sig),
                        signature + CIVIC_JOSE_SIGNER_SIDE,
                        CIVIC_JOSE_SIGNER_SIDE)
           == CIVIC_JOSE_SIGNER_SIDE)
    {
        rc = NGX_OK;
    }

    ECDSA_SIG_free(sig);

    return rc;
}
