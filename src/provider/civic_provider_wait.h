
/*
 * Copyright (C) Civic Gate
 */


#ifndef _CIVIC_PROVIDER_WAIT_H_INCLUDED_
#define _CIVIC_PROVIDER_WAIT_H_INCLUDED_


#include "civic_provider.h"


void civic_provider_wait_join(civic_provider_wait_t *wait,
    ngx_queue_t *queue);

/* it is not waiting any more; whoever did this wakes it */

void civic_provider_wait_leave(civic_provider_wait_t *wait);

/*
 * Wakes all that wait in `queue`, not those who come meanwhile; the queue
 * itself is not touched once the first was woken.
 */

void civic_provider_wait_wake(ngx_queue_t *queue);


#endif /* _CIVIC_PROVIDER_WAIT_H_INCLUDED_ */
