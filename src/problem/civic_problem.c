
/*
 * Copyright (C) Civic Gate
 *
 * The table of problems, and nothing that needs a running nginx: the unit
 * tests and build/jws-verify link it too.
 */


#include "civic_problem.h"


#define CIVIC_PROBLEM_ROW(id, status, code, shown)                            \
    { status, ngx_string(code), ngx_string(shown) },

const civic_problem_t  civic_problems[CIVIC_PROBLEM_COUNT] = {
    CIVIC_PROBLEMS(CIVIC_PROBLEM_ROW)
};
