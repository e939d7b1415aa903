
/*
 * Copyright (C) Civic Gate
 *
 * Problems of plugins: a part of civic_problem.h.
 */


#ifndef _CIVIC_PROBLEM_PLUGIN_H_INCLUDED_
#define _CIVIC_PROBLEM_PLUGIN_H_INCLUDED_


#define CIVIC_PROBLEMS_PLUGIN(X)                                              \
    /* what a plugin was sent, and what it made of it */                      \
    X(BODY_MALFORMED,         400, "body-malformed",         "malformed")     \
    X(ONCE_KEY_MALFORMED,     400, "idempotency-key-malformed","malformed")   \
    X(ONCE_CONFLICT,          409, "idempotency-conflict",                    \
      "idempotency-conflict")                                                 \
    X(ONCE_LOST,              409, "idempotency-answer-lost",                 \
      "idempotency-answer-lost")                                              \
    X(MEDIA_TYPE,             415, "unsupported-media-type",                  \
      "unsupported-media-type")                                               \
    X(BODY_INVALID,           422, "invalid-body",           "invalid-body")  \
    X(QUERY_INVALID,          400, "invalid-query",          "invalid-query") \
    X(ONCE_MISMATCH,          422, "idempotency-mismatch",                    \
      "idempotency-mismatch")                                                 \
    X(PLUGIN_PROBLEM,         500, "plugin-problem",         "internal")      \
    X(RUN_FAILED,             500, "plugin-failed",          "plugin-failed") \
    X(RUN_KILLED,             503, "plugin-budget-exceeded",                  \
      "plugin-budget-exceeded")                                               \
    X(RUN_OVERSTAYED,         503, "plugin-timeout",         "plugin-timeout")\
    X(STORE_UNAVAILABLE,      503, "store-unavailable",                       \
      "store-unavailable")                                                    \
                                                                              \
    /* the state of a plugin */                                               \
    X(UNLOADED,               503, "plugin-not-loaded",                       \
      "plugin-not-loaded")                                                    \
    X(STOPPED,                503, "plugin-stopped",         "plugin-stopped")\
    X(QUARANTINED,            503, "plugin-quarantined",                      \
      "plugin-quarantined")


#endif /* _CIVIC_PROBLEM_PLUGIN_H_INCLUDED_ */
