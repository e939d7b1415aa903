
/*
 * Copyright (C) Civic Gate
 *
 * A list of the few things that a request, or one of its subrequests, waited
 * for.
 */


#include "civic_issuer_asked.h"


civic_issuer_asked_t *
civic_issuer_asked_find(const civic_issuer_bearer_t *b,
    const civic_issuer_t *issuer, civic_issuer_asked_e what)
{
    civic_issuer_asked_t  *asked;

    for (asked = b->state->asked; asked; asked = asked->next) {

        if (asked->issuer == issuer && asked->token == b->token
            && asked->what == (ngx_uint_t) what
            && asked->wait->request == b->request)
        {
            return asked;
        }
    }

    return NULL;
}


civic_issuer_asked_t *
civic_issuer_asked_add(civic_issuer_bearer_t *b, const civic_issuer_t *issuer,
    civic_issuer_asked_e what)
{
    civic_issuer_asked_t  *asked;

    asked = ngx_palloc(b->pool, sizeof(civic_issuer_asked_t));
    if (asked == NULL) {
        return NULL;
    }

    asked->wait = civic_provider_wait_create(b->request);
    if (asked->wait == NULL) {
        return NULL;
    }

    asked->issuer = issuer;
    asked->token = b->token;
    asked->what = what;

    asked->next = b->state->asked;
    b->state->asked = asked;

    return asked;
}


ngx_uint_t
civic_issuer_asked_waits(const civic_issuer_bearer_t *b)
{
    civic_issuer_asked_t  *asked;

    for (asked = b->state->asked; asked; asked = asked->next) {

        if (asked->wait->request == b->request && asked->wait->waiting) {
            return 1;
        }
    }

    return 0;
}
