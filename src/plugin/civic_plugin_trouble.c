
/*
 * Copyright (C) Civic Gate
 *
 * The rule of quarantine.  Requests that began before a rest and fail
 * during it say nothing new: they neither lengthen it nor count for the
 * next.
 */


#include "civic_plugin_trouble.h"


uint64_t
civic_plugin_trouble_failed(civic_plugin_trouble_t *trouble, uint64_t now)
{
    uint64_t  rest;

    if (now < trouble->until) {
        return 0;
    }

    if (trouble->failures == 0
        || now - trouble->since > CIVIC_PLUGIN_TROUBLE_WINDOW)
    {
        trouble->failures = 0;
        trouble->since = now;
    }

    trouble->failures++;

    if (trouble->rests == 0
        && trouble->failures < CIVIC_PLUGIN_TROUBLE_FAILURES)
    {
        return 0;
    }

    rest = CIVIC_PLUGIN_TROUBLE_LONGEST;

    if (trouble->rests < 9) {
        rest = ngx_min((uint64_t) CIVIC_PLUGIN_TROUBLE_FIRST
                       << trouble->rests, rest);
    }

    trouble->rests++;
    trouble->failures = 0;
    trouble->until = now + rest;

    return rest;
}


void
civic_plugin_trouble_over(civic_plugin_trouble_t *trouble)
{
    ngx_memzero(trouble, sizeof(civic_plugin_trouble_t));
}


uint64_t
civic_plugin_trouble_left(const civic_plugin_trouble_t *trouble, uint64_t now)
{
    return now < trouble->until ? trouble->until - now : 0;
}
