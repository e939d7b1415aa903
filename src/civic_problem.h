
/*
 * Copyright (C) Civic Gate
 *
 * Every reason for which the gate itself refuses a request, declared once:
 * the code that operators see ($civic_code, log, metrics, ./civic why), the
 * code and the titles that the client sees (RFC 9457), the status.  What
 * the client sees says nothing about why a credential failed.
 *
 * CIVIC_PROBLEMS(X): X(ID, status, "operator's code", "public code")
 */


#ifndef _CIVIC_PROBLEM_H_INCLUDED_
#define _CIVIC_PROBLEM_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define CIVIC_PROBLEMS(X)                                                     \
    X(OK,                     0,   "",                      "")               \
                                                                              \
    /* the request itself and its way */                                      \
    X(PATH_REFUSED,           400, "path-refused",          "malformed")      \
    X(BODY_TOO_LARGE,         413, "body-too-large",        "body-too-large") \
    X(NO_ROUTE,               404, "no-route",              "not-found")      \
    X(INTERNAL_LOCATION,      404, "internal-location",     "not-found")      \
    X(NOT_FOUND,              404, "not-found",             "not-found")      \
    X(METHOD_NOT_ALLOWED,     405, "method-not-allowed",                      \
      "method-not-allowed")                                                   \
    X(ACCEL_REDIRECT_REFUSED, 502, "accel-redirect-refused", "bad-gateway")   \
                                                                              \
    /* credentials */                                                         \
    X(CREDENTIALS_MISSING,    401, "credentials-missing",                     \
      "unauthenticated")                                                      \
    X(CREDENTIALS_MALFORMED,  400, "credentials-malformed", "malformed")      \
    X(TOKEN_TOO_LARGE,        401, "token-too-large",       "unauthenticated")\
    X(TOKEN_MALFORMED,        401, "token-malformed",       "unauthenticated")\
    X(HEADER_REFUSED,         401, "token-header-refused",                    \
      "unauthenticated")                                                      \
    X(ALGORITHM_REFUSED,      401, "algorithm-refused",                       \
      "unauthenticated")                                                      \
    X(KEY_UNKNOWN,            401, "key-unknown",           "unauthenticated")\
    X(KEY_MALFORMED,          401, "key-malformed",         "unauthenticated")\
    X(APP_DISABLED,           401, "app-disabled",          "unauthenticated")\
    X(CREDENTIAL_EXPIRED,     401, "credential-expired",    "unauthenticated")\
    X(ADDRESS_REFUSED,        401, "address-refused",       "unauthenticated")\
    X(APPS_UNAVAILABLE,       503, "apps-unavailable",      "unavailable")    \
    X(SIGNATURE_INVALID,      401, "signature-invalid",                       \
      "unauthenticated")                                                      \
    X(SIGNATURE_MALFORMED,    400, "signature-malformed",   "malformed")      \
    X(SIGNATURE_INCOMPLETE,   401, "signature-incomplete",                    \
      "unauthenticated")                                                      \
    X(SIGNATURE_STALE,        401, "signature-stale",       "unauthenticated")\
    X(SIGNATURE_EARLY,        401, "signature-from-future",                   \
      "unauthenticated")                                                      \
    X(SIGNATURE_BEFORE_START, 401, "signature-before-start",                  \
      "unauthenticated")                                                      \
    X(SCHEME_REFUSED,         401, "signature-scheme-refused",                \
      "unauthenticated")                                                      \
    X(DIGEST_MISMATCH,        401, "digest-mismatch",       "unauthenticated")\
    X(NONCE_REPLAYED,         401, "nonce-replayed",        "unauthenticated")\
    X(NONCES_FULL,            503, "nonces-full",           "unavailable")    \
    X(NONCES_UNAVAILABLE,     503, "nonces-unavailable",    "unavailable")    \
    X(BODY_UNSEEN,            500, "body-unseen",           "internal")       \
    X(CLAIMS_MALFORMED,       401, "claims-malformed",                        \
      "unauthenticated")                                                      \
    X(ISSUER_UNKNOWN,         401, "issuer-unknown",        "unauthenticated")\
    X(AUDIENCE_MISMATCH,      401, "audience-mismatch",                       \
      "unauthenticated")                                                      \
    X(CERTIFICATE_UNVERIFIED, 401, "certificate-unverified",                  \
      "unauthenticated")                                                      \
    X(TOKEN_BINDING_FAILED,   401, "token-binding-failed",                    \
      "unauthenticated")                                                      \
    X(TOKEN_EXPIRED,          401, "token-expired",         "unauthenticated")\
    X(TOKEN_NOT_YET_VALID,    401, "token-not-yet-valid",                     \
      "unauthenticated")                                                      \
    X(ISSUED_IN_FUTURE,       401, "issued-in-future",                        \
      "unauthenticated")                                                      \
    X(LIFETIME_TOO_LONG,      401, "lifetime-too-long",                       \
      "unauthenticated")                                                      \
    X(TYPE_MISMATCH,          401, "type-mismatch",         "unauthenticated")\
    X(CLAIM_MISSING,          401, "claim-missing",         "unauthenticated")\
    X(TOKEN_INACTIVE,         401, "token-inactive",        "unauthenticated")\
    X(KEYS_UNAVAILABLE,       503, "keys-unavailable",      "unavailable")    \
    X(ASKING_UNAVAILABLE,     503, "introspection-unavailable",               \
      "unavailable")                                                          \
    X(TOKEN_REVOKED,          401, "token-revoked",         "unauthenticated")\
    X(REVOCATIONS_UNKNOWN,    503, "revocations-unknown",   "unavailable")    \
    X(PARTIES_DIFFER,         401, "parties-differ",        "unauthenticated")\
    X(SIGNIN_STATE,           400, "signin-state",          "signin-failed")  \
    X(SIGNIN_ANSWER,          400, "signin-answer",         "signin-failed")  \
    X(SIGNIN_DENIED,          403, "signin-denied",         "signin-failed")  \
    X(SIGNIN_CODE,            400, "signin-code",           "signin-failed")  \
    X(SIGNIN_NONCE,           401, "signin-nonce",          "signin-failed")  \
    X(SIGNIN_TOKEN,           502, "signin-token",          "signin-failed")  \
    X(SIGNIN_PROVIDER,        502, "signin-provider",       "signin-failed")  \
    X(SIGNIN_LOGOUT_TOKEN,    400, "signin-logout-token",   "malformed")      \
    X(SIGNIN_UNAVAILABLE,     503, "signin-unavailable",    "unavailable")    \
    X(ORIGIN_REFUSED,         403, "origin-refused",        "origin-refused") \
    X(SCOPE_DENIED,           403, "scope-denied",          "scope-denied")   \
    X(ROLE_DENIED,            403, "role-denied",           "scope-denied")   \
    X(REGION_DENIED,          403, "region-denied",         "scope-denied")   \
    X(CLAIM_DENIED,           403, "claim-denied",          "scope-denied")   \
    X(CALLER_DENIED,          403, "caller-denied",         "scope-denied")   \
    X(SOURCE_DENIED,          403, "source-denied",         "scope-denied")   \
    X(SOURCE_MISSING,         403, "source-missing",        "scope-denied")   \
    X(LEVEL_DENIED,           401, "level-denied",          "level-denied")   \
    X(SOURCE_DUPLICATE,       400, "source-duplicate",      "malformed")      \
    X(SOURCE_MALFORMED,       400, "source-malformed",      "malformed")      \
                                                                              \
    /* limits */                                                              \
    X(RATE_LIMITED,           429, "rate-limited",          "rate-limited")   \
    X(ANONYMOUS_DENIED,       403, "anonymous-denied",      "anonymous-denied")\
                                                                              \
    /* what a plugin was sent, and what it made of it */                      \
    X(BODY_MALFORMED,         400, "body-malformed",        "malformed")      \
    X(ONCE_KEY_MALFORMED,     400, "idempotency-key-malformed",               \
      "malformed")                                                            \
    X(ONCE_CONFLICT,          409, "idempotency-conflict",                    \
      "idempotency-conflict")                                                 \
    X(MEDIA_TYPE,             415, "unsupported-media-type",                  \
      "unsupported-media-type")                                               \
    X(BODY_INVALID,           422, "invalid-body",          "invalid-body")   \
    X(QUERY_INVALID,          400, "invalid-query",         "invalid-query")  \
    X(ONCE_MISMATCH,          422, "idempotency-mismatch",                    \
      "idempotency-mismatch")                                                 \
    X(PLUGIN_PROBLEM,         500, "plugin-problem",        "internal")       \
    X(RUN_FAILED,             500, "plugin-failed",         "plugin-failed")  \
    X(RUN_KILLED,             503, "plugin-budget-exceeded",                  \
      "plugin-budget-exceeded")                                               \
    X(RUN_OVERSTAYED,         503, "plugin-timeout",        "plugin-timeout") \
    X(STORE_UNAVAILABLE,      503, "store-unavailable",                       \
      "store-unavailable")                                                    \
                                                                              \
    /* the administrators' API */                                             \
    X(ADMIN_NOT_LOCAL,        404, "admin-not-local",       "not-found")      \
    X(ADMIN_NOT_FOUND,        404, "admin-not-found",       "not-found")      \
    X(ADMIN_CONFLICT,         409, "admin-conflict",        "conflict")       \
    X(ADMIN_INVALID,          422, "admin-invalid",         "invalid-body")   \
                                                                              \
    /* ours, or behind us */                                                  \
    X(INTERNAL,               500, "internal",              "internal")       \
    X(FILTER_REFUSED,         502, "answer-refused",        "bad-gateway")    \
    X(BAD_GATEWAY,            502, "bad-gateway",           "bad-gateway")    \
    X(UNAVAILABLE,            503, "unavailable",           "unavailable")    \
    X(GATEWAY_TIMEOUT,        504, "gateway-timeout",       "gateway-timeout")\
                                                                              \
    /* the state of a plugin */                                               \
    X(UNLOADED,               503, "plugin-not-loaded",                       \
      "plugin-not-loaded")                                                    \
    X(STOPPED,                503, "plugin-stopped",        "plugin-stopped") \
    X(QUARANTINED,            503, "plugin-quarantined",                      \
      "plugin-quarantined")


#define CIVIC_PROBLEM_ENUM(id, status, code, shown)  CIVIC_##id,

typedef enum {
    CIVIC_PROBLEMS(CIVIC_PROBLEM_ENUM)
    CIVIC_PROBLEM_COUNT
} civic_problem_e;


typedef struct {
    ngx_uint_t        status;
    ngx_str_t         code;            /* for operators */
    ngx_str_t         shown;           /* for clients: "code" in the body */
} civic_problem_t;


/*
 * What a problem says of its own: a plugin's codes and titles are not in the
 * table, and a refused body has a place in it.  Empty: as the table has it.
 */

typedef struct {
    ngx_str_t               code;      /* $civic_code and "code" */
    ngx_str_t               title[2];  /* civic_reply_language_e */
    ngx_str_t               detail;
    ngx_str_t               members;   /* of the JSON: ,"name":value ... */
} civic_problem_own_t;


extern const civic_problem_t  civic_problems[CIVIC_PROBLEM_COUNT];


#endif /* _CIVIC_PROBLEM_H_INCLUDED_ */
