/* sources: src/limit/civic_limit_policy_value.c src/limit/civic_limit_gcra.c */

/*
 * Copyright (C) Civic Gate
 *
 * Values of civic_limit_policy: the first line is a rate, the rest a burst.
 * What both accept must count without an overflow.
 */


#include "civic_limit_gcra.h"
#include "civic_limit_policy_value.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
limit_policy_count(const civic_limit_gcra_t *gcra)
{
    uint64_t              now;
    ngx_uint_t            i;
    civic_limit_time_t    tat;
    civic_limit_report_t  report;

    ngx_memzero(&tat, sizeof(civic_limit_time_t));
    now = CIVIC_LIMIT_YEAR;

    for (i = 0; i < 3; i++) {

        if (civic_limit_gcra_check(gcra, &tat, now) == NGX_OK) {
            civic_limit_gcra_commit(gcra, &tat);
        }

        civic_limit_gcra_report(gcra, &tat, now, &report);

        if (report.remaining > gcra->burst
            || report.reset > civic_limit_gcra_window(gcra))
        {
            abort();
        }
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t             count, period, burst;
    ngx_str_t            rate, rest;
    const char          *err;
    const uint8_t       *line;
    civic_limit_gcra_t   gcra;

    line = size ? memchr(data, '\n', size) : NULL;

    rate.data = (u_char *) data;
    rate.len = line ? (size_t) (line - data) : size;

    rest.data = rate.data + rate.len + (line != NULL);
    rest.len = size - rate.len - (line != NULL);

    burst = 0;

    if (civic_limit_policy_value_rate(&rate, &count, &period, &err) != NGX_OK
        || (rest.len
            && civic_limit_policy_value_burst(&rest, &burst, &err) != NGX_OK))
    {
        return 0;
    }

    if (civic_limit_gcra_init(&gcra, count, period, burst) == NGX_OK) {
        limit_policy_count(&gcra);
    }

    return 0;
}
