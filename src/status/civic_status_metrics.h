
/*
 * Copyright (C) Civic Gate
 *
 * Plain counters and gauges of the gate, declared once; both renderers
 * (JSON and Prometheus text) and the storage follow this table.
 *
 * CIVIC_METRICS(X): X(ID, family, label, value, help)
 *
 *     family   name of the Prometheus family, without the prefix civic_
 *     label    label name and value that tell the members of a family
 *              apart; empty where the family has one member
 */


#ifndef _CIVIC_STATUS_METRICS_H_INCLUDED_
#define _CIVIC_STATUS_METRICS_H_INCLUDED_


#define CIVIC_METRICS(X)                                                      \
    X(AUTH_VERIFIED,     "auth_total", "result", "verified",                  \
      "Credentials judged, by result")                                        \
    X(AUTH_CACHED,       "auth_total", "result", "cached", "")                \
    X(AUTH_ANONYMOUS,    "auth_total", "result", "anonymous", "")             \
    X(AUTH_REFUSED,      "auth_total", "result", "refused", "")               \
    X(SIGNIN_INVITED,    "signin_total", "event", "invited",                  \
      "Browser sign-in, by event")                                            \
    X(SIGNIN_OPENED,     "signin_total", "event", "opened", "")               \
    X(SIGNIN_REFRESHED,  "signin_total", "event", "refreshed", "")            \
    X(SIGNIN_CLOSED,     "signin_total", "event", "closed", "")               \
    X(SIGNIN_UNKNOWN,    "signin_total", "event", "unknown", "")              \
    X(TOKENS_EVICTED,    "token_cache_evictions_total", "", "",               \
      "Remembered tokens dropped to make room")                               \
    X(TOKENS_RESET,      "token_cache_resets_total", "", "",                  \
      "Times the token cache was emptied after a worker died in it")          \
    X(KEYS_GOOD,         "issuer_fetches_total", "result", "good",            \
      "Fetches of issuers' keys, by result")                                  \
    X(KEYS_FAILED,       "issuer_fetches_total", "result", "failed", "")      \
    X(ASKS_ACTIVE,       "introspections_total", "result", "active",          \
      "Requests whose token an issuer was asked about, by result")            \
    X(ASKS_INACTIVE,     "introspections_total", "result", "inactive", "")    \
    X(ASKS_FAILED,       "introspections_total", "result", "failed", "")      \
    X(LIMIT_PASSED,      "limit_total", "result", "passed",                   \
      "Limit decisions, by result")                                           \
    X(LIMIT_REFUSED,     "limit_total", "result", "refused", "")              \
    X(LIMIT_DRY_RUN,     "limit_total", "result", "dry_run", "")              \
    X(LIMIT_EVICTED,     "limit_evictions_total", "", "",                     \
      "Counters still in use that were dropped to make room")                 \
    X(LIMIT_RESET,       "limit_resets_total", "", "",                        \
      "Times the counters were emptied after a worker died in them")          \
    X(HOST_COMMAND, "plugin_operations_total", "operation",                   \
      "store.command",                                                        \
      "What plugins asked the gate to do, by operation")                      \
    X(HOST_SCRIPT, "plugin_operations_total", "operation",                    \
      "store.run", "")                                                        \
    X(HOST_HTTP, "plugin_operations_total", "operation",                      \
      "http.request", "")                                                     \
    X(HOST_CALL, "plugin_operations_total", "operation",                      \
      "call", "")                                                             \
    X(HOST_FORWARD, "plugin_operations_total", "operation",                   \
      "forward", "")                                                          \
    X(HOST_TIMER_AT, "plugin_operations_total", "operation",                  \
      "timers.at", "")                                                        \
    X(HOST_TIMER_CANCEL, "plugin_operations_total", "operation",              \
      "timers.cancel", "")                                                    \
    X(HOST_LOG, "plugin_operations_total", "operation",                       \
      "log", "")                                                              \
    X(HOST_METRIC, "plugin_operations_total", "operation",                    \
      "metric", "")                                                           \
    X(HOST_SECRET, "plugin_operations_total", "operation",                    \
      "secret", "")                                                           \
    X(HOST_TIME, "plugin_operations_total", "operation",                      \
      "time.now", "")                                                         \
    X(HOST_CRYPTO, "plugin_operations_total", "operation",                    \
      "crypto", "")                                                           \
    X(HOST_COMMAND_FAILED, "plugin_operation_failures_total", "operation",    \
      "store.command",                                                        \
      "Operations of plugins that failed or were refused")                    \
    X(HOST_SCRIPT_FAILED, "plugin_operation_failures_total", "operation",     \
      "store.run", "")                                                        \
    X(HOST_HTTP_FAILED, "plugin_operation_failures_total", "operation",       \
      "http.request", "")                                                     \
    X(HOST_CALL_FAILED, "plugin_operation_failures_total", "operation",       \
      "call", "")                                                             \
    X(HOST_FORWARD_FAILED, "plugin_operation_failures_total", "operation",    \
      "forward", "")                                                          \
    X(HOST_TIMER_AT_FAILED, "plugin_operation_failures_total", "operation",   \
      "timers.at", "")                                                        \
    X(HOST_TIMER_CANCEL_FAILED, "plugin_operation_failures_total", "operation",\
      "timers.cancel", "")                                                    \
    X(HOST_LOG_FAILED, "plugin_operation_failures_total", "operation",        \
      "log", "")                                                              \
    X(HOST_METRIC_FAILED, "plugin_operation_failures_total", "operation",     \
      "metric", "")                                                           \
    X(HOST_SECRET_FAILED, "plugin_operation_failures_total", "operation",     \
      "secret", "")                                                           \
    X(HOST_TIME_FAILED, "plugin_operation_failures_total", "operation",       \
      "time.now", "")                                                         \
    X(HOST_CRYPTO_FAILED, "plugin_operation_failures_total", "operation",     \
      "crypto", "")                                                           \
    X(TIMERS_DONE, "plugin_timers_total", "result",                           \
      "done",                                                                 \
      "Runs of timers and schedules of plugins, by result")                   \
    X(TIMERS_FAILED, "plugin_timers_total", "result",                         \
      "failed", "")                                                           \
    X(TIMERS_DROPPED, "plugin_timers_total", "result",                        \
      "dropped", "")                                                          \
    X(ONCE_BEGUN, "idempotency_total", "result",                              \
      "begun",                                                                \
      "Requests with an Idempotency-Key, by what became of them")             \
    X(ONCE_REPLAYED, "idempotency_total", "result",                           \
      "replayed", "")                                                         \
    X(ONCE_MISMATCH, "idempotency_total", "result",                           \
      "mismatch", "")                                                         \
    X(ONCE_CONFLICT, "idempotency_total", "result",                           \
      "conflict", "")                                                         \
    X(ONCE_UNAVAILABLE, "idempotency_total", "result",                        \
      "unavailable", "")                                                      \
    X(REDIS_OK,          "redis_commands_total", "result", "ok",              \
      "Commands answered by the Redis client, by result")                     \
    X(REDIS_REFUSED,     "redis_commands_total", "result", "refused", "")     \
    X(REDIS_UNAVAILABLE, "redis_commands_total", "result", "unavailable", "") \
    X(REDIS_TIMEOUT,     "redis_commands_total", "result", "timeout", "")     \
    X(REDIS_TOO_LARGE,   "redis_commands_total", "result", "too_large", "")   \
    X(REDIS_NOT_DURABLE, "redis_commands_total", "result", "not_durable", "") \
    X(REDIS_RECONNECTS,  "redis_reconnects_total", "", "",                    \
      "Connections to Redis made again after they were lost")                 \
    X(REDIS_OPENED,      "redis_breaker_opened_total", "", "",                \
      "Times a worker's breaker opened and left a Redis alone")               \
    X(REMOTE_OK,         "remote_calls_total", "result", "ok",                \
      "Calls of the gate to remotes, by result")                              \
    X(REMOTE_UNREACHABLE, "remote_calls_total", "result", "unreachable", "")  \
    X(REMOTE_TIMEOUT,    "remote_calls_total", "result", "timeout", "")       \
    X(REMOTE_TLS,        "remote_calls_total", "result", "tls", "")           \
    X(REMOTE_TOO_LARGE,  "remote_calls_total", "result", "too_large", "")     \
    X(REMOTE_PROTOCOL,   "remote_calls_total", "result", "protocol", "")      \
    X(REMOTE_REQUEST,    "remote_calls_total", "result", "request", "")       \
    X(REMOTE_CANCELLED,  "remote_calls_total", "result", "cancelled", "")


#define CIVIC_METRIC_ENUM(id, family, label, value, help)  CIVIC_METRIC_##id,

typedef enum {
    CIVIC_METRICS(CIVIC_METRIC_ENUM)
    CIVIC_METRIC_COUNT
} civic_metric_e;


#endif /* _CIVIC_STATUS_METRICS_H_INCLUDED_ */
