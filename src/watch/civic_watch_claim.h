
/*
 * Copyright (C) Civic Gate
 *
 * Which prefixes a plugin claims that has no good version: so much of it
 * answers that it is not loaded.
 */


#ifndef _CIVIC_WATCH_CLAIM_H_INCLUDED_
#define _CIVIC_WATCH_CLAIM_H_INCLUDED_


#include "civic_watch_folder.h"
#include "civic_watch_judge.h"


/* those of a manifest that was good once, ngx_str_t */

void civic_watch_claim(civic_watched_t *w, const ngx_array_t *prefixes);

/*
 * Those of a folder that is not good, or NULL: it could not be read.  As
 * far as its manifest says so; else what it last claimed; else, since that
 * is where `./civic plugin new` puts it, its name below the first prefix of
 * its department.
 */

void civic_watch_claim_folder(civic_watched_t *w,
    const civic_watch_folder_t *folder);


#endif /* _CIVIC_WATCH_CLAIM_H_INCLUDED_ */
