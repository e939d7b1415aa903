
/*
 * Copyright (C) Civic Gate
 *
 * schema-check SCHEMA_FILE: reads one JSON value a line on standard input
 * and prints a line for each, "ok" or what is wrong with it.  A schema that
 * is in error: the reason, and 1.  A wrong call: 2.  It has the gate's code
 * and no more, so that anyone can try the gate with schemas of his own.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "civic_schema.h"


#define CIVIC_SCHEMA_MAIN_MAX  (1024 * 1024)


static int civic_schema_main(ngx_pool_t *pool, FILE *file, u_char *buf);
static void civic_schema_main_lines(const civic_schema_t *schema,
    char *line);


int
main(int argc, char *const *argv)
{
    int          status;
    FILE        *file;
    u_char      *buf;
    ngx_log_t    log;
    ngx_pool_t  *pool;

    if (argc != 2) {
        (void) fprintf(stderr, "usage: schema-check SCHEMA_FILE < VALUES\n");
        return 2;
    }

    file = fopen(argv[1], "rb");

    if (file == NULL) {
        (void) fprintf(stderr, "schema-check: %s: %s\n", argv[1],
                       strerror(errno));
        return 2;
    }

    ngx_memzero(&log, sizeof(ngx_log_t));

    pool = ngx_create_pool(16384, &log);
    buf = malloc(CIVIC_SCHEMA_MAIN_MAX);

    status = (pool && buf) ? civic_schema_main(pool, file, buf) : 2;

    (void) fclose(file);
    free(buf);

    if (pool) {
        ngx_destroy_pool(pool);
    }

    return status;
}


static int
civic_schema_main(ngx_pool_t *pool, FILE *file, u_char *buf)
{
    char                   reason[256];
    ngx_str_t              text;
    civic_json_t          *json;
    civic_schema_t        *schema;
    civic_schema_error_t   err;

    text.data = buf;
    text.len = fread(buf, 1, CIVIC_SCHEMA_MAIN_MAX, file);

    json = civic_json_parse(&text, CIVIC_SCHEMA_MAIN_MAX - 1, reason,
                            sizeof(reason));
    if (json == NULL) {
        (void) printf("%s\n", reason);
        return 1;
    }

    schema = civic_schema_compile(json, json, pool, &err);

    if (schema == NULL) {
        (void) printf("%s: %s: %s\n", err.pointer, err.keyword, err.message);
        civic_json_free(json);
        return 1;
    }

    civic_schema_main_lines(schema, (char *) buf);
    civic_json_free(json);

    return 0;
}


static void
civic_schema_main_lines(const civic_schema_t *schema, char *line)
{
    char                   reason[256];
    ngx_str_t              text;
    civic_json_t          *value;
    civic_schema_error_t   err;

    while (fgets(line, CIVIC_SCHEMA_MAIN_MAX, stdin)) {

        text.data = (u_char *) line;
        text.len = strcspn(line, "\r\n");

        value = civic_json_parse(&text, CIVIC_SCHEMA_MAIN_MAX, reason,
                                 sizeof(reason));
        if (value == NULL) {
            (void) printf("%s\n", reason);

        } else if (civic_schema_check(schema, value, &err) == NGX_OK) {
            (void) printf("ok\n");

        } else {
            (void) printf("%s: %s: %s\n", err.pointer, err.keyword,
                          err.message);
        }

        civic_json_free(value);
    }
}
