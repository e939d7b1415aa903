
/*
 * Copyright (C) Civic Gate
 *
 * Counters of plugins: a part of civic_status_metrics.h.
 */


#ifndef _CIVIC_STATUS_METRICS_PLUGIN_H_INCLUDED_
#define _CIVIC_STATUS_METRICS_PLUGIN_H_INCLUDED_


#define CIVIC_METRICS_PLUGIN(X)                                               \
    X(HOST_COMMAND, "plugin_operations_total", "operation", "store.command",  \
      "What plugins asked the gate to do, by operation")                      \
    X(HOST_SCRIPT, "plugin_operations_total", "operation", "store.run", "")   \
    X(HOST_HTTP, "plugin_operations_total", "operation", "http.request", "")  \
    X(HOST_CALL, "plugin_operations_total", "operation", "call", "")          \
    X(HOST_FORWARD, "plugin_operations_total", "operation", "forward", "")    \
    X(HOST_TIMER_AT, "plugin_operations_total", "operation", "timers.at", "") \
    X(HOST_TIMER_CANCEL, "plugin_operations_total", "operation",              \
      "timers.cancel",                                                        \
      "")                                                                     \
    X(HOST_LOG, "plugin_operations_total", "operation", "log", "")            \
    X(HOST_METRIC, "plugin_operations_total", "operation", "metric", "")      \
    X(HOST_SECRET, "plugin_operations_total", "operation", "secret", "")      \
    X(HOST_TIME, "plugin_operations_total", "operation", "time.now", "")      \
    X(HOST_CRYPTO, "plugin_operations_total", "operation", "crypto", "")      \
    X(HOST_COMMAND_FAILED, "plugin_operation_failures_total", "operation",    \
      "store.command",                                                        \
      "Operations of plugins that failed or were refused")                    \
    X(HOST_SCRIPT_FAILED, "plugin_operation_failures_total", "operation",     \
      "store.run",                                                            \
      "")                                                                     \
    X(HOST_HTTP_FAILED, "plugin_operation_failures_total", "operation",       \
      "http.request",                                                         \
      "")                                                                     \
    X(HOST_CALL_FAILED, "plugin_operation_failures_total", "operation",       \
      "call",                                                                 \
      "")                                                                     \
    X(HOST_FORWARD_FAILED, "plugin_operation_failures_total", "operation",    \
      "forward",                                                              \
      "")                                                                     \
    X(HOST_TIMER_AT_FAILED, "plugin_operation_failures_total", "operation",   \
      "timers.at",                                                            \
      "")                                                                     \
    X(HOST_TIMER_CANCEL_FAILED, "plugin_operation_failures_total", "operation",\
      "timers.cancel",                                                        \
      "")                                                                     \
    X(HOST_LOG_FAILED, "plugin_operation_failures_total", "operation", "log", \
      "")                                                                     \
    X(HOST_METRIC_FAILED, "plugin_operation_failures_total", "operation",     \
      "metric",                                                               \
      "")                                                                     \
    X(HOST_SECRET_FAILED, "plugin_operation_failures_total", "operation",     \
      "secret",                                                               \
      "")                                                                     \
    X(HOST_TIME_FAILED, "plugin_operation_failures_total", "operation",       \
      "time.now",                                                             \
      "")                                                                     \
    X(HOST_CRYPTO_FAILED, "plugin_operation_failures_total", "operation",     \
      "crypto",                                                               \
      "")                                                                     \
    X(TIMERS_DONE, "plugin_timers_total", "result", "done",                   \
      "Runs of timers and schedules of plugins, by result")                   \
    X(TIMERS_FAILED, "plugin_timers_total", "result", "failed", "")           \
    X(TIMERS_DROPPED, "plugin_timers_total", "result", "dropped", "")         \
    X(ONCE_BEGUN, "idempotency_total", "result", "begun",                     \
      "Requests with an Idempotency-Key, by what became of them")             \
    X(ONCE_REPLAYED, "idempotency_total", "result", "replayed", "")           \
    X(ONCE_MISMATCH, "idempotency_total", "result", "mismatch", "")           \
    X(ONCE_CONFLICT, "idempotency_total", "result", "conflict", "")           \
    X(ONCE_UNAVAILABLE, "idempotency_total", "result", "unavailable", "")


#endif /* _CIVIC_STATUS_METRICS_PLUGIN_H_INCLUDED_ */
