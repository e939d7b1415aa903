#!/bin/sh

# Copyright (C) Civic Gate
#
# Stands in for nginx: the same arguments, under callgrind.  Each process,
# master and workers, leaves a profile of its own.

exec valgrind -q --tool=callgrind \
     --callgrind-out-file="$CIVIC_CALLGRIND_OUT.%p" \
     "${CIVIC_CALLGRIND_NGINX:-/usr/sbin/nginx}" "$@"
