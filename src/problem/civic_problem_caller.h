
/*
 * Copyright (C) Civic Gate
 *
 * Problems of who calls, and of what he may: a part of civic_problem.h.
 */


#ifndef _CIVIC_PROBLEM_CALLER_H_INCLUDED_
#define _CIVIC_PROBLEM_CALLER_H_INCLUDED_


#define CIVIC_PROBLEMS_CALLER(X)                                              \
    /* credentials of any kind */                                             \
    X(CREDENTIALS_MISSING,    401, "credentials-missing",                     \
      "unauthenticated")                                                      \
    X(CREDENTIALS_MALFORMED,  400, "credentials-malformed",  "malformed")     \
    X(PARTIES_DIFFER,         401, "parties-differ",                          \
      "unauthenticated")                                                      \
    X(ORIGIN_REFUSED,         403, "origin-refused",         "origin-refused")\
                                                                              \
    /* tokens */                                                              \
    X(TOKEN_TOO_LARGE,        401, "token-too-large",                         \
      "unauthenticated")                                                      \
    X(TOKEN_MALFORMED,        401, "token-malformed",                         \
      "unauthenticated")                                                      \
    X(HEADER_REFUSED,         401, "token-header-refused",                    \
      "unauthenticated")                                                      \
    X(ALGORITHM_REFUSED,      401, "algorithm-refused",                       \
      "unauthenticated")                                                      \
    X(KEY_UNKNOWN,            401, "key-unknown",                             \
      "unauthenticated")                                                      \
    X(SIGNATURE_INVALID,      401, "signature-invalid",                       \
      "unauthenticated")                                                      \
    X(CLAIMS_MALFORMED,       401, "claims-malformed",                        \
      "unauthenticated")                                                      \
    X(ISSUER_UNKNOWN,         401, "issuer-unknown",                          \
      "unauthenticated")                                                      \
    X(AUDIENCE_MISMATCH,      401, "audience-mismatch",                       \
      "unauthenticated")                                                      \
    X(TOKEN_EXPIRED,          401, "token-expired",                           \
      "unauthenticated")                                                      \
    X(TOKEN_NOT_YET_VALID,    401, "token-not-yet-valid",                     \
      "unauthenticated")                                                      \
    X(ISSUED_IN_FUTURE,       401, "issued-in-future",                        \
      "unauthenticated")                                                      \
    X(LIFETIME_TOO_LONG,      401, "lifetime-too-long",                       \
      "unauthenticated")                                                      \
    X(TYPE_MISMATCH,          401, "type-mismatch",                           \
      "unauthenticated")                                                      \
    X(CLAIM_MISSING,          401, "claim-missing",                           \
      "unauthenticated")                                                      \
    X(TOKEN_INACTIVE,         401, "token-inactive",                          \
      "unauthenticated")                                                      \
    X(KEYS_UNAVAILABLE,       503, "keys-unavailable",       "unavailable")   \
    X(ASKING_UNAVAILABLE,     503, "introspection-unavailable","unavailable") \
    X(TOKEN_BINDING_FAILED,   401, "token-binding-failed",                    \
      "unauthenticated")                                                      \
    X(TOKEN_REVOKED,          401, "token-revoked",                           \
      "unauthenticated")                                                      \
    X(REVOCATIONS_UNKNOWN,    503, "revocations-unknown",    "unavailable")   \
                                                                              \
    /* applications: keys, certificates, signed requests */                   \
    X(KEY_MALFORMED,          401, "key-malformed",                           \
      "unauthenticated")                                                      \
    X(APP_DISABLED,           401, "app-disabled",                            \
      "unauthenticated")                                                      \
    X(CREDENTIAL_EXPIRED,     401, "credential-expired",                      \
      "unauthenticated")                                                      \
    X(ADDRESS_REFUSED,        401, "address-refused",                         \
      "unauthenticated")                                                      \
    X(APPS_UNAVAILABLE,       503, "apps-unavailable",       "unavailable")   \
    X(CERTIFICATE_UNVERIFIED, 401, "certificate-unverified",                  \
      "unauthenticated")                                                      \
    X(SIGNATURE_MALFORMED,    400, "signature-malformed",    "malformed")     \
    X(SIGNATURE_INCOMPLETE,   401, "signature-incomplete",                    \
      "unauthenticated")                                                      \
    X(SIGNATURE_STALE,        401, "signature-stale",                         \
      "unauthenticated")                                                      \
    X(SIGNATURE_EARLY,        401, "signature-from-future",                   \
      "unauthenticated")                                                      \
    X(SIGNATURE_BEFORE_START, 401, "signature-before-start",                  \
      "unauthenticated")                                                      \
    X(SCHEME_REFUSED,         401, "signature-scheme-refused",                \
      "unauthenticated")                                                      \
    X(DIGEST_MISMATCH,        401, "digest-mismatch",                         \
      "unauthenticated")                                                      \
    X(NONCE_REPLAYED,         401, "nonce-replayed",                          \
      "unauthenticated")                                                      \
    X(NONCES_FULL,            503, "nonces-full",            "unavailable")   \
    X(NONCES_UNAVAILABLE,     503, "nonces-unavailable",     "unavailable")   \
    X(BODY_UNSEEN,            500, "body-unseen",            "internal")      \
                                                                              \
    /* browser sign-in */                                                     \
    X(SIGNIN_STATE,           400, "signin-state",           "signin-failed") \
    X(SIGNIN_ANSWER,          400, "signin-answer",          "signin-failed") \
    X(SIGNIN_DENIED,          403, "signin-denied",          "signin-failed") \
    X(SIGNIN_CODE,            400, "signin-code",            "signin-failed") \
    X(SIGNIN_NONCE,           401, "signin-nonce",           "signin-failed") \
    X(SIGNIN_TOKEN,           502, "signin-token",           "signin-failed") \
    X(SIGNIN_PROVIDER,        502, "signin-provider",        "signin-failed") \
    X(SIGNIN_LOGOUT_TOKEN,    400, "signin-logout-token",    "malformed")     \
    X(SIGNIN_UNAVAILABLE,     503, "signin-unavailable",     "unavailable")   \
                                                                              \
    /* what he must be allowed */                                             \
    X(SCOPE_DENIED,           403, "scope-denied",           "scope-denied")  \
    X(ROLE_DENIED,            403, "role-denied",            "scope-denied")  \
    X(REGION_DENIED,          403, "region-denied",          "scope-denied")  \
    X(CLAIM_DENIED,           403, "claim-denied",           "scope-denied")  \
    X(CALLER_DENIED,          403, "caller-denied",          "scope-denied")  \
    X(SOURCE_DENIED,          403, "source-denied",          "scope-denied")  \
    X(SOURCE_MISSING,         403, "source-missing",         "scope-denied")  \
    X(LEVEL_DENIED,           401, "level-denied",           "level-denied")  \
    X(SOURCE_DUPLICATE,       400, "source-duplicate",       "malformed")     \
    X(SOURCE_MALFORMED,       400, "source-malformed",       "malformed")


#endif /* _CIVIC_PROBLEM_CALLER_H_INCLUDED_ */
