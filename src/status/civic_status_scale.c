
/*
 * Copyright (C) Civic Gate
 *
 * The tables behind the labels "status", "class" and "le".  An unknown
 * status is counted as "other": labels stay bounded whatever an upstream
 * makes up.
 */


#include "civic_status_scale.h"


/* ascending: looked up by halving */

static const uint16_t  civic_status_codes[CIVIC_STATUS_CODES - 1] = {
    101,
    200, 201, 202, 204, 206,
    301, 302, 303, 304, 307, 308,
    400, 401, 403, 404, 405, 406, 408, 409, 410, 412, 413, 414, 415, 416,
    422, 429, 494, 499,
    500, 501, 502, 503, 504
};


const ngx_str_t  civic_status_classes[CIVIC_STATUS_CLASSES] = {
    ngx_string("other"),
    ngx_string("1xx"),
    ngx_string("2xx"),
    ngx_string("3xx"),
    ngx_string("4xx"),
    ngx_string("5xx")
};


const civic_status_bucket_t  civic_status_buckets[CIVIC_STATUS_BUCKETS] = {
    {     1000, ngx_string("0.000001") },
    {     2500, ngx_string("0.0000025") },
    {     5000, ngx_string("0.000005") },
    {    10000, ngx_string("0.00001") },
    {    25000, ngx_string("0.000025") },
    {    50000, ngx_string("0.00005") },
    {   100000, ngx_string("0.0001") },
    {   250000, ngx_string("0.00025") },
    {   500000, ngx_string("0.0005") },
    {  1000000, ngx_string("0.001") },
    {  2500000, ngx_string("0.0025") },
    {  5000000, ngx_string("0.005") },
    { 10000000, ngx_string("0.01") },
    { (uint64_t) -1, ngx_string("+Inf") }
};


ngx_uint_t
civic_status_code_index(ngx_uint_t status)
{
    ngx_uint_t  low, high, middle;

    low = 0;
    high = CIVIC_STATUS_CODES - 1;

    while (low < high) {
        middle = (low + high) / 2;

        if (civic_status_codes[middle] == status) {
            return middle;
        }

        if (civic_status_codes[middle] < status) {
            low = middle + 1;

        } else {
            high = middle;
        }
    }

    return CIVIC_STATUS_CODES - 1;
}


ngx_uint_t
civic_status_code(ngx_uint_t index)
{
    return index < CIVIC_STATUS_CODES - 1 ? civic_status_codes[index] : 0;
}


ngx_uint_t
civic_status_class_index(ngx_uint_t status)
{
    return (status >= 100 && status < 600) ? status / 100 : 0;
}


ngx_uint_t
civic_status_bucket_index(uint64_t ns)
{
    ngx_uint_t  i;

    for (i = 0; ns > civic_status_buckets[i].ns; i++) { /* void */ }

    return i;
}
