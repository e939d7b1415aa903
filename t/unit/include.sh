# Copyright (C) Civic Gate
#
# Read by t/unit/run and t/fuzz/run: how C that is pure gets compiled
# outside nginx.

NGX_SRC=${NGX_SRC:-build/nginx}

if [ ! -f "$NGX_SRC/objs/ngx_auto_config.h" ]; then
    echo "$0: no nginx source tree at $NGX_SRC: run ./civic build first," \
         "or set NGX_SRC" >&2
    exit 2
fi

WARNINGS="-W -Wall -Wpointer-arith -Wno-unused-parameter -Werror"

INCLUDES="-I$NGX_SRC/objs -Ilua"

for dir in core event event/modules os/unix http http/modules http/v2; do
    INCLUDES="$INCLUDES -I$NGX_SRC/src/$dir"
done

for dir in $(find src -type d | sort); do
    INCLUDES="$INCLUDES -I$dir"
done

LIBS="-lcurl -lhiredis -lluajit-5.1 -ljansson -lpcre2-8 -lcrypto -lsodium -lm"

sources() {
    # the files named in the comment that a test begins with
    awk 'NR == 1 && !/^\/\* sources:/ { exit }
         { for (i = 1; i <= NF; i++) if ($i ~ /\.c$/) print $i }
         /\*\// { exit }' "$1"
}
