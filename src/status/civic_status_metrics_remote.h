
/*
 * Copyright (C) Civic Gate
 *
 * Counters of what the gate asks: a part of civic_status_metrics.h.
 */


#ifndef _CIVIC_STATUS_METRICS_REMOTE_H_INCLUDED_
#define _CIVIC_STATUS_METRICS_REMOTE_H_INCLUDED_


#define CIVIC_METRICS_REMOTE(X)                                               \
    X(REDIS_OK, "redis_commands_total", "result", "ok",                       \
      "Commands answered by the Redis client, by result")                     \
    X(REDIS_REFUSED, "redis_commands_total", "result", "refused", "")         \
    X(REDIS_UNAVAILABLE, "redis_commands_total", "result", "unavailable", "") \
    X(REDIS_TIMEOUT, "redis_commands_total", "result", "timeout", "")         \
    X(REDIS_TOO_LARGE, "redis_commands_total", "result", "too_large", "")     \
    X(REDIS_NOT_DURABLE, "redis_commands_total", "result", "not_durable", "") \
    X(REDIS_RECONNECTS, "redis_reconnects_total", "", "",                     \
      "Connections to Redis made again after they were lost")                 \
    X(REDIS_OPENED, "redis_breaker_opened_total", "", "",                     \
      "Times a worker's breaker opened and left a Redis alone")               \
    X(REMOTE_OK, "remote_calls_total", "result", "ok",                        \
      "Calls of the gate to remotes, by result")                              \
    X(REMOTE_UNREACHABLE, "remote_calls_total", "result", "unreachable", "")  \
    X(REMOTE_TIMEOUT, "remote_calls_total", "result", "timeout", "")          \
    X(REMOTE_TLS, "remote_calls_total", "result", "tls", "")                  \
    X(REMOTE_TOO_LARGE, "remote_calls_total", "result", "too_large", "")      \
    X(REMOTE_PROTOCOL, "remote_calls_total", "result", "protocol", "")        \
    X(REMOTE_REQUEST, "remote_calls_total", "result", "request", "")          \
    X(REMOTE_CANCELLED, "remote_calls_total", "result", "cancelled", "")


#endif /* _CIVIC_STATUS_METRICS_REMOTE_H_INCLUDED_ */
