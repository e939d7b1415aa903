
/*
 * Copyright (C) Civic Gate
 *
 * Jobs that gave way, and whose turn it is.
 */


#ifndef _CIVIC_HOST_TURNS_H_INCLUDED_
#define _CIVIC_HOST_TURNS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


typedef void (*civic_host_turn_pt)(void *data);

typedef struct {
    ngx_queue_t          queue;
    civic_host_turn_pt   handler;
    void                *data;
} civic_host_turn_t;


/* has all the plugins' work since the event loop was left taken long? */

ngx_uint_t civic_host_turns_over(void);

/* the handler is called when it is its turn, once */

void civic_host_turns_wait(civic_host_turn_t *turn);
void civic_host_turns_leave(civic_host_turn_t *turn);


#endif /* _CIVIC_HOST_TURNS_H_INCLUDED_ */
