
/*
 * Copyright (C) Civic Gate
 *
 * Revocations as a resource of the administrators' API.
 */


#ifndef _CIVIC_REVOKE_ADMIN_H_INCLUDED_
#define _CIVIC_REVOKE_ADMIN_H_INCLUDED_


#include "civic_admin.h"


extern const char  *civic_revoke_admin_members[];
extern const char  *civic_revoke_admin_page[];
extern const char  *civic_revoke_admin_selectors[];

/* POST, GET, DELETE /revocations */

void civic_revoke_admin_add(civic_admin_call_t *call);
void civic_revoke_admin_list(civic_admin_call_t *call);
void civic_revoke_admin_lift(civic_admin_call_t *call);


#endif /* _CIVIC_REVOKE_ADMIN_H_INCLUDED_ */
