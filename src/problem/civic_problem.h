
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

#include "civic_problem_caller.h"
#include "civic_problem_plugin.h"
#include "civic_problem_request.h"


#define CIVIC_PROBLEMS(X)                                                     \
    X(OK, 0, "", "")                                                          \
    CIVIC_PROBLEMS_REQUEST(X)                                                 \
    CIVIC_PROBLEMS_CALLER(X)                                                  \
    CIVIC_PROBLEMS_PLUGIN(X)


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
