
/*
 * Copyright (C) Civic Gate
 *
 * Plain counters and gauges of the gate, declared once; both renderers
 * (JSON and Prometheus text) and the storage follow this table.
 *
 * CIVIC_METRICS(X): X(ID, family, label, value, help)
 *
 *     family   name of the Prometheus family, without the prefix civic_
 *     label    label name and value that tell the members of a family
 *              apart; empty where the family has one member
 */


#ifndef _CIVIC_STATUS_METRICS_H_INCLUDED_
#define _CIVIC_STATUS_METRICS_H_INCLUDED_


#include "civic_status_metrics_caller.h"
#include "civic_status_metrics_plugin.h"
#include "civic_status_metrics_remote.h"


#define CIVIC_METRICS(X)                                                      \
    CIVIC_METRICS_CALLER(X)                                                   \
    CIVIC_METRICS_PLUGIN(X)                                                   \
    CIVIC_METRICS_REMOTE(X)


#define CIVIC_METRIC_ENUM(id, family, label, value, help)  CIVIC_METRIC_##id,

typedef enum {
    CIVIC_METRICS(CIVIC_METRIC_ENUM)
    CIVIC_METRIC_COUNT
} civic_metric_e;


#endif /* _CIVIC_STATUS_METRICS_H_INCLUDED_ */
