
/*
 * Copyright (C) Civic Gate
 */


#ifndef _CIVIC_ISSUER_STATUS_H_INCLUDED_
#define _CIVIC_ISSUER_STATUS_H_INCLUDED_


/* issuers are shown from now on, in civic_status full and in the metrics */

void civic_issuer_status_init(void);


#endif /* _CIVIC_ISSUER_STATUS_H_INCLUDED_ */
