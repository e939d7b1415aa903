
/*
 * Copyright (C) Civic Gate
 *
 * The civic_department block: whose plugins, under which paths, with which
 * rights.  Nothing is granted by omission, no word comes twice, and a grant
 * that could mean nothing is an error.
 */


#include "civic_conf_block.h"
#include "civic_conf_file.h"
#include "civic_plugin_conf.h"


#define CIVIC_DEPARTMENT_MEMORY        (16 * 1024 * 1024)
#define CIVIC_DEPARTMENT_INSTRUCTIONS  (5 * 1024 * 1024)
#define CIVIC_DEPARTMENT_CPU           20
#define CIVIC_DEPARTMENT_TIMEOUT       5000
#define CIVIC_DEPARTMENT_SECRET_MAX    (64 * 1024)
#define CIVIC_DEPARTMENT_NAME_MAX      40


static char *civic_plugin_department_name(ngx_conf_t *cf,
    const ngx_str_t *name);
static char *civic_plugin_department_create(ngx_conf_t *cf,
    civic_plugin_main_conf_t *pmcf, civic_plugin_tenant_t **tenant);
static civic_conf_setter_t  civic_plugin_department_path;
static civic_conf_setter_t  civic_plugin_department_prefix;
static civic_conf_setter_t  civic_plugin_department_allow;
static civic_conf_setter_t  civic_plugin_department_secret;
static civic_conf_setter_t  civic_plugin_department_off;
static ngx_uint_t civic_plugin_department_plain(const ngx_str_t *prefix);
static char *civic_plugin_department_close(ngx_conf_t *cf,
    civic_plugin_tenant_t *tenant);


static const civic_conf_range_t  civic_plugin_department_memory = {
    1024 * 1024, NGX_MAX_INT_T_VALUE, "a size of at least 1m"
};

static const civic_conf_range_t  civic_plugin_department_instructions = {
    10000, NGX_MAX_INT_T_VALUE, "a number of at least 10000"
};

static const civic_conf_range_t  civic_plugin_department_cpu = {
    1, 1000, "a time from 1ms to 1s"
};

static const civic_conf_range_t  civic_plugin_department_timeout = {
    1, 300 * 1000, "a time from 1ms to 300s"
};


static const civic_conf_word_t  civic_plugin_department_words[] = {

    { "path", 1, 1, civic_plugin_department_path, 0, NULL,
      CIVIC_CONF_MANDATORY },

    { "prefix", 1, 64, civic_plugin_department_prefix, 0, NULL,
      CIVIC_CONF_MANDATORY },

    { "allow", 1, 64, civic_plugin_department_allow, 0, NULL,
      CIVIC_CONF_MANY },

    { "redis", 1, 1, civic_conf_block_text,
      offsetof(civic_plugin_tenant_t, redis), NULL, 0 },

    { "memory", 1, 1, civic_conf_block_size,
      offsetof(civic_plugin_tenant_t, department.budget.memory),
      &civic_plugin_department_memory, 0 },

    { "instructions", 1, 1, civic_conf_block_size,
      offsetof(civic_plugin_tenant_t, department.budget.instructions),
      &civic_plugin_department_instructions, 0 },

    { "cpu", 1, 1, civic_conf_block_msec,
      offsetof(civic_plugin_tenant_t, department.budget.cpu),
      &civic_plugin_department_cpu, 0 },

    { "timeout", 1, 1, civic_conf_block_msec,
      offsetof(civic_plugin_tenant_t, department.timeout),
      &civic_plugin_department_timeout, 0 },

    { "secret", 2, 2, civic_plugin_department_secret, 0, NULL,
      CIVIC_CONF_MANY },

    { "off", 0, 0, civic_plugin_department_off, 0, NULL, 0 },

    { NULL, 0, 0, NULL, 0, NULL, 0 }
};


/* civic_department NAME { ... } */

char *
civic_plugin_department_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    civic_plugin_main_conf_t  *pmcf = conf;

    char                   *rv;
    civic_conf_block_t      block;
    civic_plugin_tenant_t  *tenant;

    tenant = NULL;

    civic_activate(cf);

    rv = civic_plugin_department_create(cf, pmcf, &tenant);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    ngx_memzero(&block, sizeof(civic_conf_block_t));

    block.directive = "civic_department";
    block.name = &tenant->department.name;
    block.pos = &tenant->department.pos;
    block.words = civic_plugin_department_words;
    block.conf = tenant;

    rv = civic_conf_block_parse(cf, &block);
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
        return civic_conf_block_again(cf, "civic_department", &value[1],
                                      &other->department.pos);
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


civic_plugin_tenant_t *
civic_plugin_department_of(const civic_plugin_main_conf_t *pmcf,
    const ngx_str_t *plugin)
{
    u_char                 *slash;
    ngx_str_t               name;
    civic_plugin_tenant_t  *tenant;

    slash = ngx_strlchr(plugin->data, plugin->data + plugin->len, '/');

    if (slash == NULL) {
        return NULL;
    }

    name.data = plugin->data;
    name.len = slash - plugin->data;

    tenant = civic_plugin_department_find(pmcf, &name);

    return tenant && !tenant->department.off ? tenant : NULL;
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


/* root looks whether it is there, and never into it */

static char *
civic_plugin_department_path(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    ngx_file_info_t         fi;
    civic_plugin_tenant_t  *tenant;

    tenant = block->conf;
    tenant->department.path = *value;

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
civic_plugin_department_prefix(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    ngx_str_t    *prefix, *other;
    ngx_uint_t    i, n;
    ngx_array_t  *prefixes;

    prefixes = &((civic_plugin_tenant_t *) block->conf)->department.prefixes;

    for (i = 0; i < cf->args->nelts - 1; i++) {

        if (!civic_plugin_department_plain(&value[i])) {
            return civic_conf_error(cf, NULL,
                                    "prefix \"%V\" is not a plain path: it "
                                    "begins with \"/\", does not end with "
                                    "one, and has no parameters", &value[i]);
        }

        other = prefixes->elts;

        for (n = 0; n < prefixes->nelts; n++) {

            if (civic_plugin_within(&value[i], &other[n])
                || civic_plugin_within(&other[n], &value[i]))
            {
                return civic_conf_error(cf, NULL,
                                        "prefix \"%V\" overlaps with \"%V\"",
                                        &value[i], &other[n]);
            }
        }

        prefix = ngx_array_push(prefixes);
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
civic_plugin_department_allow(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    return civic_plugin_grant_allow(cf, block->conf, value,
                                    cf->args->nelts - 1);
}


/* secret NAME file=PATH */

static char *
civic_plugin_department_secret(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    ngx_str_t           name;
    ngx_uint_t          i;
    ngx_array_t        *secrets;
    ngx_keyval_t       *secret;
    civic_conf_file_t   file;

    secrets = &((civic_plugin_tenant_t *) block->conf)->department.secrets;

    if (ngx_strncmp(value[1].data, "file=", 5) != 0 || value[1].len == 5) {
        return civic_conf_error(cf, NULL, "a secret is written as secret "
                                "NAME file=PATH");
    }

    secret = secrets->elts;

    for (i = 0; i < secrets->nelts; i++) {

        if (ngx_strcmp(secret[i].key.data, value[0].data) == 0) {
            return civic_conf_error(cf, NULL, "secret \"%V\" comes twice",
                                    &value[0]);
        }
    }

    secret = ngx_array_push(secrets);
    if (secret == NULL) {
        return NGX_CONF_ERROR;
    }

    secret->key = value[0];

    name.data = value[1].data + 5;
    name.len = value[1].len - 5;

    ngx_memzero(&file, sizeof(civic_conf_file_t));

    file.what = "secret file";
    file.pool = cf->pool;
    file.max = CIVIC_DEPARTMENT_SECRET_MAX;
    file.secret = 1;

    return civic_conf_file_line(cf, &file, &name, &secret->value);
}


static char *
civic_plugin_department_off(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    ((civic_plugin_tenant_t *) block->conf)->department.off = 1;

    return NGX_CONF_OK;
}


static char *
civic_plugin_department_close(ngx_conf_t *cf, civic_plugin_tenant_t *tenant)
{
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
