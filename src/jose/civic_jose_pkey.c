
/*
 * Copyright (C) Civic Gate
 *
 * Decides which public keys are sound: RSA by its size and exponent, the
 * curves by asking OpenSSL whether the point lies on them.  Runs at start,
 * so it checks all that can be checked.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include "civic_jose_base64url.h"
#include "civic_jose_pkey.h"


#define CIVIC_JOSE_PKEY_RSA_MIN       2048      /* bits */
#define CIVIC_JOSE_PKEY_RSA_MAX       8192

/* bits of e: OpenSSL verifies with no longer one where n is large */

#define CIVIC_JOSE_PKEY_RSA_EXPONENT  64

#define CIVIC_JOSE_PKEY_ED25519       32        /* bytes */


typedef struct {
    ngx_str_t    crv;
    const char  *type;                 /* OpenSSL's names */
    const char  *group;
    size_t       coordinate;           /* bytes */
} civic_jose_pkey_curve_t;


static EVP_PKEY *civic_jose_pkey_rsa(const civic_json_t *jwk, char *err,
    size_t errlen);
static const char *civic_jose_pkey_rsa_check(const BIGNUM *n,
    const BIGNUM *e);
static EVP_PKEY *civic_jose_pkey_ec(const civic_json_t *jwk, char *err,
    size_t errlen);
static const civic_jose_pkey_curve_t *civic_jose_pkey_curve(
    const civic_json_t *jwk);
static EVP_PKEY *civic_jose_pkey_okp(const civic_json_t *jwk, char *err,
    size_t errlen);
static EVP_PKEY *civic_jose_pkey_create(const char *type,
    OSSL_PARAM_BLD *build);


static const civic_jose_pkey_curve_t  civic_jose_pkey_curves[] = {
    { ngx_string("P-256"), "EC", "P-256", 32 },
    { ngx_string("P-384"), "EC", "P-384", 48 },
    { ngx_string("P-521"), "EC", "P-521", 66 },
    { ngx_string("SM2"), "SM2", "SM2", 32 },
    { ngx_null_string, NULL, NULL, 0 }
};


EVP_PKEY *
civic_jose_pkey_parse(const civic_json_t *jwk, const ngx_str_t *kty,
    char *err, size_t errlen)
{
    EVP_PKEY  *pkey;

    if (kty->len == 3 && ngx_strncmp(kty->data, "RSA", 3) == 0) {
        pkey = civic_jose_pkey_rsa(jwk, err, errlen);

    } else if (kty->len == 2 && ngx_strncmp(kty->data, "EC", 2) == 0) {
        pkey = civic_jose_pkey_ec(jwk, err, errlen);

    } else if (kty->len == 3 && ngx_strncmp(kty->data, "OKP", 3) == 0) {
        pkey = civic_jose_pkey_okp(jwk, err, errlen);

    } else {
        (void) snprintf(err, errlen, "\"kty\" is none of RSA, EC, OKP, oct");
        return NULL;
    }

    ERR_clear_error();

    return pkey;
}


ngx_int_t
civic_jose_pkey_bytes(const civic_json_t *jwk, const char *name, u_char *buf,
    ngx_str_t *value, char *err, size_t errlen)
{
    ngx_str_t            text;
    const civic_json_t  *member;

    member = civic_json_member(jwk, name);

    if (member == NULL || civic_json_string(member, &text) != NGX_OK
        || text.len == 0)
    {
        (void) snprintf(err, errlen, "member \"%s\" is missing or no string",
                        name);
        return NGX_DECLINED;
    }

    if (text.len > CIVIC_JOSE_PKEY_MAX / 3 * 4) {
        (void) snprintf(err, errlen, "member \"%s\" is too long", name);
        return NGX_DECLINED;
    }

    value->data = buf;

    if (civic_jose_base64url_decode(value, &text) != NGX_OK) {
        (void) snprintf(err, errlen, "member \"%s\" is not base64url", name);
        return NGX_DECLINED;
    }

    return NGX_OK;
}


static EVP_PKEY *
civic_jose_pkey_rsa(const civic_json_t *jwk, char *err, size_t errlen)
{
    u_char           buf[2][CIVIC_JOSE_PKEY_MAX];
    BIGNUM          *n, *e;
    EVP_PKEY        *pkey;
    ngx_str_t        modulus, exponent;
    const char      *reason;
    OSSL_PARAM_BLD  *build;

    if (civic_jose_pkey_bytes(jwk, "n", buf[0], &modulus, err, errlen)
        != NGX_OK
        || civic_jose_pkey_bytes(jwk, "e", buf[1], &exponent, err, errlen)
           != NGX_OK)
    {
        return NULL;
    }

    pkey = NULL;
    n = BN_bin2bn(modulus.data, (int) modulus.len, NULL);
    e = BN_bin2bn(exponent.data, (int) exponent.len, NULL);
    build = OSSL_PARAM_BLD_new();

    reason = (n && e) ? civic_jose_pkey_rsa_check(n, e) : "no memory";

    if (reason == NULL) {
        reason = "OpenSSL refused the RSA key";

        if (build
            && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n)
            && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e))
        {
            pkey = civic_jose_pkey_create("RSA", build);
        }
    }

    if (pkey == NULL) {
        (void) snprintf(err, errlen, "%s", reason);
    }

    OSSL_PARAM_BLD_free(build);
    BN_free(n);
    BN_free(e);

    return pkey;
}


static const char *
civic_jose_pkey_rsa_check(const BIGNUM *n, const BIGNUM *e)
{
    if (BN_num_bits(n) < CIVIC_JOSE_PKEY_RSA_MIN) {
        return "the RSA key is shorter than 2048 bits";
    }

    if (BN_num_bits(n) > CIVIC_JOSE_PKEY_RSA_MAX) {
        return "the RSA key is longer than 8192 bits";
    }

    if (!BN_is_odd(n)) {
        return "the RSA modulus is even";
    }

    if (!BN_is_odd(e) || BN_is_one(e)) {
        return "the RSA exponent is not an odd number of at least 3";
    }

    if (BN_num_bits(e) > CIVIC_JOSE_PKEY_RSA_EXPONENT) {
        return "the RSA exponent is longer than 64 bits";
    }

    return NULL;
}


static EVP_PKEY *
civic_jose_pkey_ec(const civic_json_t *jwk, char *err, size_t errlen)
{
    u_char                          x[CIVIC_JOSE_PKEY_MAX];
    u_char                          y[CIVIC_JOSE_PKEY_MAX];
    u_char                          point[1 + 2 * 66];
    EVP_PKEY                       *pkey;
    ngx_str_t                       vx, vy;
    OSSL_PARAM_BLD                 *build;
    const civic_jose_pkey_curve_t  *curve;

    curve = civic_jose_pkey_curve(jwk);

    if (curve == NULL) {
        (void) snprintf(err, errlen,
                        "\"crv\" is none of P-256, P-384, P-521, SM2");
        return NULL;
    }

    if (civic_jose_pkey_bytes(jwk, "x", x, &vx, err, errlen) != NGX_OK
        || civic_jose_pkey_bytes(jwk, "y", y, &vy, err, errlen) != NGX_OK)
    {
        return NULL;
    }

    if (vx.len != curve->coordinate || vy.len != curve->coordinate) {
        (void) snprintf(err, errlen, "\"x\" and \"y\" are not %d bytes long",
                        (int) curve->coordinate);
        return NULL;
    }

    point[0] = POINT_CONVERSION_UNCOMPRESSED;
    ngx_memcpy(point + 1, x, vx.len);
    ngx_memcpy(point + 1 + vx.len, y, vy.len);

    pkey = NULL;
    build = OSSL_PARAM_BLD_new();

    if (build
        && OSSL_PARAM_BLD_push_utf8_string(build,
                                           OSSL_PKEY_PARAM_GROUP_NAME,
                                           curve->group, 0)
        && OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY,
                                            point, 1 + vx.len + vy.len))
    {
        pkey = civic_jose_pkey_create(curve->type, build);
    }

    if (pkey == NULL) {
        (void) snprintf(err, errlen, "the point is not on the curve %s",
                        curve->crv.data);
    }

    OSSL_PARAM_BLD_free(build);

    return pkey;
}


static const civic_jose_pkey_curve_t *
civic_jose_pkey_curve(const civic_json_t *jwk)
{
    ngx_str_t                       crv;
    const civic_json_t             *member;
    const civic_jose_pkey_curve_t  *curve;

    member = civic_json_member(jwk, "crv");

    if (member == NULL || civic_json_string(member, &crv) != NGX_OK) {
        return NULL;
    }

    for (curve = civic_jose_pkey_curves; curve->crv.len; curve++) {
        if (curve->crv.len == crv.len
            && ngx_memcmp(curve->crv.data, crv.data, crv.len) == 0)
        {
            return curve;
        }
    }

    return NULL;
}


static EVP_PKEY *
civic_jose_pkey_okp(const civic_json_t *jwk, char *err, size_t errlen)
{
    u_char               buf[CIVIC_JOSE_PKEY_MAX];
    EVP_PKEY            *pkey;
    ngx_str_t            crv, x;
    const civic_json_t  *member;

    member = civic_json_member(jwk, "crv");

    if (member == NULL || civic_json_string(member, &crv) != NGX_OK
        || crv.len != 7 || ngx_strncmp(crv.data, "Ed25519", 7) != 0)
    {
        (void) snprintf(err, errlen, "\"crv\" is not Ed25519");
        return NULL;
    }

    if (civic_jose_pkey_bytes(jwk, "x", buf, &x, err, errlen) != NGX_OK) {
        return NULL;
    }

    if (x.len != CIVIC_JOSE_PKEY_ED25519) {
        (void) snprintf(err, errlen, "\"x\" is not 32 bytes long");
        return NULL;
    }

    pkey = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, x.data,
                                          x.len);
    if (pkey == NULL) {
        (void) snprintf(err, errlen, "OpenSSL refused the Ed25519 key");
    }

    return pkey;
}


static EVP_PKEY *
civic_jose_pkey_create(const char *type, OSSL_PARAM_BLD *build)
{
    EVP_PKEY      *pkey;
    OSSL_PARAM    *params;
    EVP_PKEY_CTX  *ctx, *check;

    pkey = NULL;
    params = OSSL_PARAM_BLD_to_param(build);
    ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);

    if (params == NULL || ctx == NULL
        || EVP_PKEY_fromdata_init(ctx) != 1
        || EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
    {
        goto done;
    }

    check = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);

    if (check == NULL || EVP_PKEY_public_check_quick(check) != 1) {
        EVP_PKEY_free(pkey);
        pkey = NULL;
    }

    EVP_PKEY_CTX_free(check);

done:

    OSSL_PARAM_free(params);
    EVP_PKEY_CTX_free(ctx);

    return pkey;
}
