
/*
 * Copyright (C) Civic Gate
 *
 * Problems of a request and its way: a part of civic_problem.h.
 */


#ifndef _CIVIC_PROBLEM_REQUEST_H_INCLUDED_
#define _CIVIC_PROBLEM_REQUEST_H_INCLUDED_


#define CIVIC_PROBLEMS_REQUEST(X)                                             \
    /* the request itself and its way */                                      \
    X(PATH_REFUSED,           400, "path-refused",           "malformed")     \
    X(BODY_TOO_LARGE,         413, "body-too-large",         "body-too-large")\
    X(NO_ROUTE,               404, "no-route",               "not-found")     \
    X(INTERNAL_LOCATION,      404, "internal-location",      "not-found")     \
    X(NOT_FOUND,              404, "not-found",              "not-found")     \
    X(METHOD_NOT_ALLOWED,     405, "method-not-allowed",                      \
      "method-not-allowed")                                                   \
    X(ACCEL_REDIRECT_REFUSED, 502, "accel-redirect-refused", "bad-gateway")   \
                                                                              \
    /* limits */                                                              \
    X(RATE_LIMITED,           429, "rate-limited",           "rate-limited")  \
    X(ANONYMOUS_DENIED,       403, "anonymous-denied",                        \
      "anonymous-denied")                                                     \
                                                                              \
    /* the administrators' API */                                             \
    X(ADMIN_NOT_LOCAL,        404, "admin-not-local",        "not-found")     \
    X(ADMIN_NOT_FOUND,        404, "admin-not-found",        "not-found")     \
    X(ADMIN_CONFLICT,         409, "admin-conflict",         "conflict")      \
    X(ADMIN_INVALID,          422, "admin-invalid",          "invalid-body")  \
                                                                              \
    /* ours, or behind us */                                                  \
    X(INTERNAL,               500, "internal",               "internal")      \
    X(FILTER_REFUSED,         502, "answer-refused",         "bad-gateway")   \
    X(BAD_GATEWAY,            502, "bad-gateway",            "bad-gateway")   \
    X(UNAVAILABLE,            503, "unavailable",            "unavailable")   \
    X(GATEWAY_TIMEOUT,        504, "gateway-timeout",                         \
      "gateway-timeout")


#endif /* _CIVIC_PROBLEM_REQUEST_H_INCLUDED_ */
