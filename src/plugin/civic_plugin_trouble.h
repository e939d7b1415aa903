
/*
 * Copyright (C) Civic Gate
 *
 * When a plugin that keeps failing is left alone for a while.  Five
 * failures within a minute, with no success among them, and it rests for a
 * second; if the first thing it does then is to fail again, for two, four,
 * ... up to five minutes.  A success forgets it all.  Pure; times in ms.
 */


#ifndef _CIVIC_PLUGIN_TROUBLE_H_INCLUDED_
#define _CIVIC_PLUGIN_TROUBLE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define CIVIC_PLUGIN_TROUBLE_FAILURES  5
#define CIVIC_PLUGIN_TROUBLE_WINDOW    60000
#define CIVIC_PLUGIN_TROUBLE_FIRST     1000
#define CIVIC_PLUGIN_TROUBLE_LONGEST   300000


typedef struct {
    uint64_t               since;      /* the first failure of a row */
    uint64_t               until;      /* it rests; 0: it never did */
    uint32_t               failures;   /* in a row */
    uint32_t               rests;      /* in a row */
} civic_plugin_trouble_t;


/* how long it is to rest from now on; 0: not at all */

uint64_t civic_plugin_trouble_failed(civic_plugin_trouble_t *trouble,
    uint64_t now);
void civic_plugin_trouble_over(civic_plugin_trouble_t *trouble);

/* how long it still rests */

uint64_t civic_plugin_trouble_left(const civic_plugin_trouble_t *trouble,
    uint64_t now);


#endif /* _CIVIC_PLUGIN_TROUBLE_H_INCLUDED_ */
