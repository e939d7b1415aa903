
/*
 * Copyright (C) Civic Gate
 *
 * Counters of callers and of their limits: a part of civic_status_metrics.h.
 */


#ifndef _CIVIC_STATUS_METRICS_CALLER_H_INCLUDED_
#define _CIVIC_STATUS_METRICS_CALLER_H_INCLUDED_


#define CIVIC_METRICS_CALLER(X)                                               \
    X(AUTH_VERIFIED, "auth_total", "result", "verified",                      \
      "Credentials judged, by result")                                        \
    X(AUTH_CACHED, "auth_total", "result", "cached", "")                      \
    X(AUTH_ANONYMOUS, "auth_total", "result", "anonymous", "")                \
    X(AUTH_REFUSED, "auth_total", "result", "refused", "")                    \
    X(AUTH_DEFERRED, "auth_deferred_total", "", "",                           \
      "Credentials verified last, their address having sent bad ones")        \
    X(SIGNIN_INVITED, "signin_total", "event", "invited",                     \
      "Browser sign-in, by event")                                            \
    X(SIGNIN_OPENED, "signin_total", "event", "opened", "")                   \
    X(SIGNIN_REFRESHED, "signin_total", "event", "refreshed", "")             \
    X(SIGNIN_CLOSED, "signin_total", "event", "closed", "")                   \
    X(SIGNIN_UNKNOWN, "signin_total", "event", "unknown", "")                 \
    X(TOKENS_EVICTED, "token_cache_evictions_total", "", "",                  \
      "Remembered tokens dropped to make room")                               \
    X(TOKENS_RESET, "token_cache_resets_total", "", "",                       \
      "Times the token cache was emptied after a worker died in it")          \
    X(REQUIRE_REFUSED, "require_total", "result", "refused",                  \
      "Requests that lacked what is required, by what became of them")        \
    X(REQUIRE_DRY_RUN, "require_total", "result", "dry_run", "")              \
    X(KEYS_GOOD, "issuer_fetches_total", "result", "good",                    \
      "Fetches of issuers' keys, by result")                                  \
    X(KEYS_FAILED, "issuer_fetches_total", "result", "failed", "")            \
    X(ASKS_ACTIVE, "introspections_total", "result", "active",                \
      "Requests whose token an issuer was asked about, by result")            \
    X(ASKS_INACTIVE, "introspections_total", "result", "inactive", "")        \
    X(ASKS_FAILED, "introspections_total", "result", "failed", "")            \
    X(APPS_LOADED, "app_lookups_total", "result", "loaded",                   \
      "Look-ups of applications' credentials in Redis, by result")            \
    X(APPS_UNKNOWN, "app_lookups_total", "result", "unknown", "")             \
    X(APPS_UNAVAILABLE, "app_lookups_total", "result", "unavailable", "")     \
    X(APPS_EVICTED, "app_evictions_total", "", "",                            \
      "Remembered applications dropped to make room")                         \
    X(ASSERTIONS_SIGNED, "assertions_total", "result", "signed",              \
      "Assertions sent to services, by result")                               \
    X(ASSERTIONS_CACHED, "assertions_total", "result", "cached", "")          \
    X(LIMIT_PASSED, "limit_total", "result", "passed",                        \
      "Limit decisions, by result")                                           \
    X(LIMIT_REFUSED, "limit_total", "result", "refused", "")                  \
    X(LIMIT_DRY_RUN, "limit_total", "result", "dry_run", "")                  \
    X(LIMIT_EVICTED, "limit_evictions_total", "", "",                         \
      "Counters still in use that were dropped to make room")                 \
    X(LIMIT_RESET, "limit_resets_total", "", "",                              \
      "Times the counters were emptied after a worker died in them")


#endif /* _CIVIC_STATUS_METRICS_CALLER_H_INCLUDED_ */
