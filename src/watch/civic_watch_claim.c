
/*
 * Copyright (C) Civic Gate
 *
 * A manifest that is wrong somewhere is mostly right about its prefixes.
 * They are held against the department's here; what else there is, only
 * workers can say.
 */


#include "civic_watch_claim.h"


static ngx_uint_t civic_watch_claim_granted(const civic_department_t *d,
    const ngx_str_t *prefix);


void
civic_watch_claim(civic_watched_t *w, const ngx_array_t *prefixes)
{
    u_char      *p, *last;
    ngx_str_t   *prefix;
    ngx_uint_t   i;

    p = w->record.claim;
    last = p + CIVIC_PLUGIN_CLAIM_LEN;
    prefix = prefixes->elts;

    for (i = 0; i < prefixes->nelts; i++) {

        if (prefix[i].len < (size_t) (last - p)
            && civic_watch_claim_granted(&w->tenant->department, &prefix[i]))
        {
            p = ngx_cpymem(p, prefix[i].data, prefix[i].len);
            *p++ = '\n';
        }
    }

    w->record.claim_len = p - w->record.claim;
}


void
civic_watch_claim_folder(civic_watched_t *w,
    const civic_watch_folder_t *folder)
{
    u_char              *p, *last;
    size_t               len;
    ngx_str_t           *prefix;
    ngx_uint_t           i;
    ngx_array_t          prefixes;
    civic_watch_file_t  *file;

    len = w->record.claim_len;
    file = folder ? folder->files.elts : NULL;

    for (i = 0; folder && i < folder->files.nelts; i++) {

        if (file[i].name.len == sizeof("manifest.json") - 1
            && ngx_memcmp(file[i].name.data, "manifest.json",
                          file[i].name.len)
               == 0
            && civic_plugin_manifest_claims(&file[i].text, folder->pool,
                                            &prefixes)
               == NGX_OK
            && prefixes.nelts != 0)
        {
            civic_watch_claim(w, &prefixes);
            len = w->record.claim_len;
        }
    }

    if (len != 0) {
        return;
    }

    prefix = w->tenant->department.prefixes.elts;
    last = w->record.claim + CIVIC_PLUGIN_CLAIM_LEN;

    p = ngx_slprintf(w->record.claim, last, "%V%*s\n", prefix,
                     w->name.len - w->tenant->department.name.len,
                     w->name.data + w->tenant->department.name.len);

    w->record.claim_len = p < last ? p - w->record.claim : 0;
}


static ngx_uint_t
civic_watch_claim_granted(const civic_department_t *d,
    const ngx_str_t *prefix)
{
    ngx_str_t   *granted;
    ngx_uint_t   i;

    granted = d->prefixes.elts;

    for (i = 0; i < d->prefixes.nelts; i++) {
        if (civic_plugin_within(prefix, &granted[i])) {
            return 1;
        }
    }

    return 0;
}
