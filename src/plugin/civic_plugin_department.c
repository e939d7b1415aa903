
/*
 * Copyright (C) Civic Gate
 *
 * The civic_department block: whose plugins, under which paths, with which
 * rights.  Nothing is granted by omission, no word comes twice, and a grant
 * that could mean nothing is an error.
 */


#include "civic_plugin_conf.h"


#define CIVIC_DEPARTMENT_MEMORY        (16 * 1024 * 1024)
#define CIVIC_DEPARTMENT_MEMORY_MIN    (1024 * 1024)
#define CIVIC_DEPARTMENT_INSTRUCTIONS  (5 * 1024 * 1024)
#define CIVIC_DEPARTMENT_CPU           20
#define CIVIC_DEPARTMENT_TIMEOUT       5000
#define CIVIC_DEPARTMENT_SECRET_MAX    (64 * 1024)
#define CIVIC_DEPARTMENT_NAME_MAX      40


typedef struct {
    const char   *name;
    ngx_uint_t    min;                 /* arguments */
    ngx_uint_t    max;
    char       *(*set)(ngx_conf_t *cf, civic_plugin_tenant_t *tenant);
    unsigned      many:1;              /* may come again */
} civic_plugin_department_word_t;


static char *civic_plugin_department_name(ngx_conf_t *cf,
    const ngx_str_t *name);
static char *civic_plugin_department_create(ngx_conf_t *cf,
    civic_plugin_main_conf_t *pmcf, civic_plugin_tenant_t **tenant);
static char *civic_plugin_department_word(ngx_conf_t *cf,
    ngx_command_t *dummy, void *conf);
static char *civic_plugin_department_path(ngx_conf_t *cf,
    civic_plugin_tenant_t *tenant);
static char *civic_plugin_department_prefix(ngx_conf_t *cf,
    civic_plugin_tenant_t *tenant);
static ngx_uint_t civic_plugin_department_plain(const ngx_str_t *prefix);
static char *civic_plugin_department_redis(ngx_conf_t *cf,
    civic_plugin_tenant_t *tenant);
static char *civic_plugin_department_memory(ngx_conf_t *cf,
    civic_plugin_tenant_t *tenant);
static char *civic_plugin_department_instructions(ngx_conf_t *cf,
    civic_plugin_tenant_t *tenant);
static char *civic_plugin_department_cpu(ngx_conf_t *cf,
    civic_plugin_tenant_t *tenant);
static char *civic_plugin_department_timeout(ngx_conf_t *cf,
    civic_plugin_tenant_t *tenant);
static char *civic_plugin_department_msec(ngx_conf_t *cf, ngx_msec_t *msec,
    ngx_msec_t max);
static char *civic_plugin_department_secret(ngx_conf_t *cf,
    civic_plugin_tenant_t *tenant);
static char *civic_plugin_department_secret_read(ngx_conf_t *cf,
    ngx_str_t *file, ngx_str_t *text);
static char *civic_plugin_department_off(ngx_conf_t *cf,
    civic_plugin_tenant_t *tenant);
static char *civic_plugin_department_close(ngx_conf_t *cf,
    civic_plugin_tenant_t *tenant);


static const civic_plugin_department_word_t
    civic_plugin_department_words[] = {
    { "path", 1, 1, civic_plugin_department_path, 0 },
    { "prefix", 1, 64, civic_plugin_department_prefix, 0 },
    { "allow", 1, 64, civic_plugin_grant_allow, 1 },
    { "redis", 1, 1, civic_plugin_department_redis, 0 },
    { "memory", 1, 1, civic_plugin_department_memory, 0 },
    { "instructions", 1, 1, civic_plugin_department_instructions, 0 },
    { "cpu", 1, 1, civic_plugin_department_cpu, 0 },
    { "timeout", 1, 1, civic_plugin_department_timeout, 0 },
    { "secret", 2, 2, civic_plugin_department_secret, 1 },
    { "off", 0, 0, civic_plugin_department_off, 0 },
    { NULL, 0, 0, NULL, 0 }
};


/* civic_department NAME { ... } */

char *
civic_plugin_department_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    civic_plugin_main_conf_t  *pmcf = conf;

    char                   *rv;
    ngx_conf_t              save;
    civic_plugin_tenant_t  *tenant;

    tenant = NULL;

    civic_activate(cf);

    rv = civic_plugin_department_create(cf, pmcf, &tenant);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    save = *cf;
    cf->handler = civic_plugin_department_word;
    cf->handler_conf = (void *) tenant;

    rv = ngx_conf_parse(cf, NULL);

    *cf = save;

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    return civic_plugin_department_close(cf, tenant);
}


static char *
civic_plugin_department_create(ngx_conf_t *cf,
    civic_plugin_main_conf_t *pmcf, civic_plugin_tenant_t **tenant)
{
    char                    *rv;
    ngx_str_t               *value;
    civic_pos_t             *pos;
    civic_department_t      *d;
    civic_plugin_tenant_t  **slot, *other;

    value = cf->args->elts;

    rv = civic_plugin_department_name(cf, &value[1]);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    other = civic_plugin_department_find(pmcf, &value[1]);

    if (other != NULL) {
        return civic_conf_error(cf, NULL,
                                "civic_department \"%V\" is defined already "
                                "in %V:%ui,", &value[1],
                                &other->department.pos.file,
                                other->department.pos.line);
    }

    *tenant = ngx_pcalloc(cf->pool, sizeof(civic_plugin_tenant_t));
    slot = ngx_array_push(&pmcf->tenants);
    pos = civic_conf_pos(cf);

    if (*tenant == NULL || slot == NULL || pos == NULL) {
        return NGX_CONF_ERROR;
    }

    *slot = *tenant;

    d = &(*tenant)->department;

    d->name = value[1];
    d->pos = *pos;
    d->timeout = CIVIC_DEPARTMENT_TIMEOUT;
    d->budget.memory = CIVIC_DEPARTMENT_MEMORY;
    d->budget.instructions = CIVIC_DEPARTMENT_INSTRUCTIONS;
    d->budget.cpu = CIVIC_DEPARTMENT_CPU;

    if (ngx_array_init(&d->prefixes, cf->pool, 2, sizeof(ngx_str_t))
        != NGX_OK
        || ngx_array_init(&d->http, cf->pool, 2, sizeof(civic_remote_t *))
           != NGX_OK
        || ngx_array_init(&d->calls, cf->pool, 2, sizeof(ngx_str_t))
           != NGX_OK
        || ngx_array_init(&d->claims, cf->pool, 2, sizeof(ngx_str_t))
           != NGX_OK
        || ngx_array_init(&d->secrets, cf->pool, 2, sizeof(ngx_keyval_t))
           != NGX_OK
        || ngx_array_init(&(*tenant)->remotes, cf->pool, 2,
                          sizeof(ngx_str_t))
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* part of keys in Redis and of folders' names: as plain as can be */

static char *
civic_plugin_department_name(ngx_conf_t *cf, const ngx_str_t *name)
{
    u_char  ch;
    size_t  i;

    for (i = 0; i < name->len; i++) {
        ch = name->data[i];

        if ((ch >= 'a' && ch <= 'z')
            || (i && ch >= '0' && ch <= '9')
            || (i && ch == '-'))
        {
            continue;
        }

        break;
    }

    if (i == 0
        || i < name->len
        || i > CIVIC_DEPARTMENT_NAME_MAX
        || ngx_strcmp(name->data, "all") == 0)
    {
        return civic_conf_error(cf, NULL,
                                "\"%V\" cannot name a civic_department: a "
                                "name has at most %d small letters, digits "
                                "and \"-\", begins with a letter, and is not "
                                "\"all\"", name, CIVIC_DEPARTMENT_NAME_MAX);
    }

    return NGX_CONF_OK;
}


civic_plugin_tenant_t *
civic_plugin_department_find(const civic_plugin_main_conf_t *pmcf,
    const ngx_str_t *name)
{
    ngx_uint_t               i;
    civic_plugin_tenant_t  **tenant;

    tenant = pmcf->tenants.elts;

    for (i = 0; i < pmcf->tenants.nelts; i++) {

        if (tenant[i]->department.name.len == name->len
            && ngx_memcmp(tenant[i]->department.name.data, name->data,
                          name->len)
               == 0)
        {
            return tenant[i];
        }
    }

    return NULL;
}


const civic_department_t *
civic_plugin_department(ngx_conf_t *cf, const ngx_str_t *name)
{
    civic_plugin_tenant_t     *tenant;
    civic_plugin_main_conf_t  *pmcf;

    pmcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_civic_plugin_module);

    tenant = civic_plugin_department_find(pmcf, name);

    return tenant ? &tenant->department : NULL;
}


static char *
civic_plugin_department_word(ngx_conf_t *cf, ngx_command_t *dummy,
    void *conf)
{
    civic_plugin_tenant_t  *tenant = conf;

    ngx_str_t                             *value;
    ngx_uint_t                             bit, n;
    const civic_plugin_department_word_t  *word;

    value = cf->args->elts;
    n = cf->args->nelts - 1;
    bit = 1;

    for (word = civic_plugin_department_words; word->name; word++) {

        if (ngx_strcmp(value[0].data, word->name) == 0) {
            break;
        }

        bit <<= 1;
    }

    if (word->name == NULL) {
        return civic_conf_error(cf, NULL,
                                "unknown word \"%V\" in civic_department; it "
                                "knows path, prefix, allow, redis, memory, "
                                "instructions, cpu, timeout, secret and off",
                                &value[0]);
    }

    if ((tenant->words & bit) && !word->many) {
        return civic_conf_error(cf, NULL, "\"%s\" comes twice in "
                                "civic_department", word->name);
    }

    if (n < word->min || n > word->max) {
        return civic_conf_error(cf, NULL, "invalid number of arguments of "
                                "\"%s\" in civic_department", word->name);
    }

    tenant->words |= bit;

    return word->set(cf, tenant);
}


/* root looks whether it is there, and never into it */

static char *
civic_plugin_department_path(ngx_conf_t *cf, civic_plugin_tenant_t *tenant)
{
    ngx_str_t        *value;
    ngx_file_info_t   fi;

    value = cf->args->elts;

    tenant->department.path = value[1];

    if (ngx_conf_full_name(cf->cycle, &tenant->department.path, 1)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (ngx_file_info(tenant->department.path.data, &fi) == NGX_FILE_ERROR) {
        civic_conf_warn(cf, NULL, "the folder \"%V\" of civic_department "
                        "\"%V\" is not there (yet)",
                        &tenant->department.path, &tenant->department.name);

    } else if (!ngx_is_dir(&fi)) {
        return civic_conf_error(cf, NULL, "\"%V\" is no folder",
                                &tenant->department.path);
    }

    return NGX_CONF_OK;
}


static char *
civic_plugin_department_prefix(ngx_conf_t *cf, civic_plugin_tenant_t *tenant)
{
    ngx_str_t   *value, *prefix, *other;
    ngx_uint_t   i, n;

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        if (!civic_plugin_department_plain(&value[i])) {
            return civic_conf_error(cf, NULL,
                                    "prefix \"%V\" is not a plain path: it "
                                    "begins with \"/\", does not end with "
                                    "one, and has no parameters", &value[i]);
        }

        other = tenant->department.prefixes.elts;

        for (n = 0; n < tenant->department.prefixes.nelts; n++) {

            if (civic_plugin_within(&value[i], &other[n])
                || civic_plugin_within(&other[n], &value[i]))
            {
                return civic_conf_error(cf, NULL,
                                        "prefix \"%V\" overlaps with \"%V\"",
                                        &value[i], &other[n]);
            }
        }

        prefix = ngx_array_push(&tenant->department.prefixes);
        if (prefix == NULL) {
            return NGX_CONF_ERROR;
        }

        *prefix = value[i];
    }

    return NGX_CONF_OK;
}


static ngx_uint_t
civic_plugin_department_plain(const ngx_str_t *prefix)
{
    u_char  ch;
    size_t  i;

    if (prefix->len < 2
        || prefix->data[0] != '/'
        || prefix->data[prefix->len - 1] == '/')
    {
        return 0;
    }

    for (i = 1; i < prefix->len; i++) {
        ch = prefix->data[i];

        if (ch <= 0x20 || ch == 0x7f || ch == '{' || ch == '}' || ch == '?'
            || ch == '#' || ch == '%' || ch == '\\'
            || ((ch == '/' || ch == '.') && prefix->data[i - 1] == '/'))
        {
            return 0;
        }
    }

    return 1;
}


ngx_uint_t
civic_plugin_within(const ngx_str_t *path, const ngx_str_t *prefix)
{
    return path->len >= prefix->len
           && ngx_memcmp(path->data, prefix->data, prefix->len) == 0
           && (path->len == prefix->len
               || path->data[prefix->len] == '/'
               || prefix->data[prefix->len - 1] == '/');
}


ngx_uint_t
civic_plugin_listed(const ngx_array_t *list, const ngx_str_t *name)
{
    ngx_str_t   *item;
    ngx_uint_t   i;

    item = list->elts;

    for (i = 0; i < list->nelts; i++) {

        if (item[i].len == name->len
            && ngx_memcmp(item[i].data, name->data, name->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


static char *
civic_plugin_department_redis(ngx_conf_t *cf, civic_plugin_tenant_t *tenant)
{
    ngx_str_t  *value;

    value = cf->args->elts;
    tenant->redis = value[1];

    return NGX_CONF_OK;
}


static char *
civic_plugin_department_memory(ngx_conf_t *cf, civic_plugin_tenant_t *tenant)
{
    ssize_t     size;
    ngx_str_t  *value;

    value = cf->args->elts;
    size = ngx_parse_size(&value[1]);

    if (size == NGX_ERROR || size < CIVIC_DEPARTMENT_MEMORY_MIN) {
        return civic_conf_error(cf, NULL, "memory \"%V\" is not a size of at "
                                "least 1m", &value[1]);
    }

    tenant->department.budget.memory = size;

    return NGX_CONF_OK;
}


static char *
civic_plugin_department_instructions(ngx_conf_t *cf,
    civic_plugin_tenant_t *tenant)
{
    ssize_t     n;
    ngx_str_t  *value;

    value = cf->args->elts;
    n = ngx_parse_size(&value[1]);

    if (n == NGX_ERROR || n < 10000) {
        return civic_conf_error(cf, NULL, "instructions \"%V\" is not a "
                                "number of at least 10000", &value[1]);
    }

    tenant->department.budget.instructions = n;

    return NGX_CONF_OK;
}


static char *
civic_plugin_department_cpu(ngx_conf_t *cf, civic_plugin_tenant_t *tenant)
{
    return civic_plugin_department_msec(cf, &tenant->department.budget.cpu,
                                        1000);
}


static char *
civic_plugin_department_timeout(ngx_conf_t *cf,
    civic_plugin_tenant_t *tenant)
{
    return civic_plugin_department_msec(cf, &tenant->department.timeout,
                                        300 * 1000);
}


static char *
civic_plugin_department_msec(ngx_conf_t *cf, ngx_msec_t *msec,
    ngx_msec_t max)
{
    ngx_int_t   n;
    ngx_str_t  *value;

    value = cf->args->elts;
    n = ngx_parse_time(&value[1], 0);

    if (n == NGX_ERROR || n == 0 || (ngx_msec_t) n > max) {
        return civic_conf_error(cf, NULL, "%V \"%V\" is not a time between "
                                "1ms and %Ms", &value[0], &value[1],
                                max / 1000);
    }

    *msec = n;

    return NGX_CONF_OK;
}


/* secret NAME file=PATH */

static char *
civic_plugin_department_secret(ngx_conf_t *cf, civic_plugin_tenant_t *tenant)
{
    char          *rv;
    ngx_str_t     *value, file;
    ngx_uint_t     i;
    ngx_keyval_t  *secret;

    value = cf->args->elts;

    if (ngx_strncmp(value[2].data, "file=", 5) != 0 || value[2].len == 5) {
        return civic_conf_error(cf, NULL, "a secret is written as secret "
                                "NAME file=PATH");
    }

    secret = tenant->department.secrets.elts;

    for (i = 0; i < tenant->department.secrets.nelts; i++) {

        if (ngx_strcmp(secret[i].key.data, value[1].data) == 0) {
            return civic_conf_error(cf, NULL, "secret \"%V\" comes twice",
                                    &value[1]);
        }
    }

    secret = ngx_array_push(&tenant->department.secrets);
    if (secret == NULL) {
        return NGX_CONF_ERROR;
    }

    secret->key = value[1];

    file.data = value[2].data + 5;
    file.len = value[2].len - 5;

    if (ngx_conf_full_name(cf->cycle, &file, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    rv = civic_plugin_department_secret_read(cf, &file, &secret->value);

    return rv;
}


/* an editor's line feed at the end is no part of it */

static char *
civic_plugin_department_secret_read(ngx_conf_t *cf, ngx_str_t *file,
    ngx_str_t *text)
{
    ssize_t          n;
    ngx_fd_t         fd;
    ngx_file_info_t  fi;

    fd = ngx_open_file(file->data, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK,
                       NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        return civic_conf_error(cf, NULL, "secret file \"%V\" cannot be "
                                "opened: %s", file, strerror(ngx_errno));
    }

    n = -1;
    text->data = NULL;

    if (ngx_fd_info(fd, &fi) != NGX_FILE_ERROR
        && ngx_is_file(&fi)
        && ngx_file_size(&fi) > 0
        && ngx_file_size(&fi) <= CIVIC_DEPARTMENT_SECRET_MAX)
    {
        text->data = ngx_pnalloc(cf->pool, ngx_file_size(&fi));

        if (text->data != NULL) {
            n = ngx_read_fd(fd, text->data, ngx_file_size(&fi));
        }
    }

    (void) ngx_close_file(fd);

    if (n <= 0) {
        return civic_conf_error(cf, NULL, "secret file \"%V\" is not a file "
                                "of 1 to %d bytes that can be read", file,
                                CIVIC_DEPARTMENT_SECRET_MAX);
    }

    text->len = n;

    if (text->len > 1 && text->data[text->len - 1] == '\n') {
        text->len--;
    }

    return NGX_CONF_OK;
}


static char *
civic_plugin_department_off(ngx_conf_t *cf, civic_plugin_tenant_t *tenant)
{
    tenant->department.off = 1;

    return NGX_CONF_OK;
}


static char *
civic_plugin_department_close(ngx_conf_t *cf, civic_plugin_tenant_t *tenant)
{
    if (tenant->department.path.len == 0) {
        return civic_conf_error(cf, NULL, "civic_department \"%V\" has no "
                                "path", &tenant->department.name);
    }

    if (tenant->department.prefixes.nelts == 0) {
        return civic_conf_error(cf, NULL, "civic_department \"%V\" has no "
                                "prefix", &tenant->department.name);
    }

    if (tenant->department.scripts && !tenant->store) {
        return civic_conf_error(cf, NULL, "civic_department \"%V\" is "
                                "allowed scripts, but no store to run them "
                                "in", &tenant->department.name);
    }

    if (tenant->redis.len != 0 && !tenant->store) {
        return civic_conf_error(cf, NULL, "civic_department \"%V\" names a "
                                "redis, but is not allowed the store",
                                &tenant->department.name);
    }

    return NGX_CONF_OK;
}
