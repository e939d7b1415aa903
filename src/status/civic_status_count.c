
/*
 * Copyright (C) Civic Gate
 *
 * Where this process counts.  Workers have a slot each; around a reload an
 * old and a new one share it, and so may workers beyond the number that the
 * zone was made for, hence atomic additions, relaxed, and no lock.
 */


#include "civic_status.h"
#include "civic_status_zone.h"


static civic_status_zone_t  *civic_status_count_zone;
static civic_status_slot_t  *civic_status_count_slot;


void
civic_status_attach(civic_status_zone_t *zone)
{
    civic_status_count_zone = zone;
    civic_status_count_slot = zone == NULL ? NULL
                              : civic_status_slot(zone,
                                                  ngx_worker % zone->nslots);
}


civic_status_zone_t *
civic_status_zone(void)
{
    return civic_status_count_zone;
}


civic_status_slot_t *
civic_status_own_slot(void)
{
    return civic_status_count_slot;
}


void
civic_status_count(civic_metric_e metric, ngx_uint_t n)
{
    if (civic_status_count_slot != NULL) {
        civic_status_add(civic_status_count_slot, metric, n);
    }
}
