
/*
 * Copyright (C) Civic Gate
 */


#ifndef _CIVIC_ISSUER_INTROSPECT_H_INCLUDED_
#define _CIVIC_ISSUER_INTROSPECT_H_INCLUDED_


#include "civic_issuer_bearer.h"


/*
 * What the issuer says of the token.  CIVIC_OK fills b->identity, b->issuer
 * and b->until.  With b->again set the result means nothing yet: the
 * request is to be parked, and judged anew when it is woken.
 */

civic_problem_e civic_issuer_introspect(civic_issuer_bearer_t *b,
    const civic_issuer_t *issuer);

/* a token that is no JWT: the first issuer of the group that knows it */

civic_problem_e civic_issuer_introspect_any(civic_issuer_bearer_t *b);

/* of two reasons to refuse the one to tell: an outage is no verdict */

civic_problem_e civic_issuer_introspect_worse(civic_problem_e one,
    civic_problem_e other);


#endif /* _CIVIC_ISSUER_INTROSPECT_H_INCLUDED_ */
