
/*
 * Copyright (C) Civic Gate
 *
 * Numbers as text, inside json/.
 */


#ifndef _CIVIC_VALUE_NUMBER_H_INCLUDED_
#define _CIVIC_VALUE_NUMBER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define CIVIC_VALUE_NUMBER_LEN  24     /* -1.2345678901234567e-300 */


/*
 * Writes the shortest text that reads back as the same number, which must be
 * finite, and returns its end.
 */

u_char *civic_value_number_write(u_char *dst, double number);


#endif /* _CIVIC_VALUE_NUMBER_H_INCLUDED_ */
