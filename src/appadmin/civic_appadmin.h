
/*
 * Copyright (C) Civic Gate
 *
 * Applications in the administrators' API: each function is the handler of
 * one resource, for civic_admin_resources.c.
 */


#ifndef _CIVIC_APPADMIN_H_INCLUDED_
#define _CIVIC_APPADMIN_H_INCLUDED_


#include "civic_admin.h"


extern const char  *civic_appadmin_create_members[];
extern const char  *civic_appadmin_update_members[];
extern const char  *civic_appadmin_key_members[];
extern const char  *civic_appadmin_signer_members[];
extern const char  *civic_appadmin_certificate_members[];
extern const char  *civic_appadmin_list_arguments[];


void civic_appadmin_list(civic_admin_call_t *call);
void civic_appadmin_show(civic_admin_call_t *call);
void civic_appadmin_create(civic_admin_call_t *call);
void civic_appadmin_update(civic_admin_call_t *call);
void civic_appadmin_delete(civic_admin_call_t *call);
void civic_appadmin_key_add(civic_admin_call_t *call);
void civic_appadmin_signer_add(civic_admin_call_t *call);
void civic_appadmin_certificate_add(civic_admin_call_t *call);

/* a key, signer or certificate */

void civic_appadmin_remove(civic_admin_call_t *call);


#endif /* _CIVIC_APPADMIN_H_INCLUDED_ */
