
/*
 * Copyright (C) Civic Gate
 *
 * Administrative divisions.  A code has levels of 2, 2, 2, 3 and 3 digits
 * (province, prefecture, county; township, village); zeros at the end say
 * which of them it speaks of.
 */


#include "civic_require.h"


static size_t civic_require_region_prefix(const ngx_str_t *code);


/* lengths of a code down to each level */

static const size_t  civic_require_region_levels[] = { 2, 4, 6, 9, 12 };


ngx_uint_t
civic_require_region(const ngx_str_t *region, const ngx_str_t *other)
{
    size_t  prefix;

    prefix = civic_require_region_prefix(region);

    return prefix != 0
           && civic_require_region_prefix(other) >= prefix
           && ngx_memcmp(region->data, other->data, prefix) == 0;
}


/* the digits that say something; 0: it is no code */

static size_t
civic_require_region_prefix(const ngx_str_t *code)
{
    size_t      n;
    ngx_uint_t  i, level;

    for (level = 0; level < 5; level++) {

        if (code->len == civic_require_region_levels[level]) {
            break;
        }
    }

    if (level == 5) {
        return 0;
    }

    for (n = 0; n < code->len; n++) {

        if (code->data[n] < '0' || code->data[n] > '9') {
            return 0;
        }
    }

    /* down to the last level that is not all zeros */

    for (level = 5; level > 0; level--) {

        n = civic_require_region_levels[level - 1];

        if (n > code->len) {
            continue;
        }

        i = (level > 1) ? civic_require_region_levels[level - 2] : 0;

        for ( /* void */ ; i < n; i++) {

            if (code->data[i] != '0') {
                return n;
            }
        }
    }

    return 0;
}
