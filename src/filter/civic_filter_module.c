
/*
 * Copyright (C) Civic Gate
 *
 * Directives of filters: civic_filter names the plugins, which the workers
 * look for when a request comes, since plugins come and go without a
 * reload; civic_filter_max_body bounds the answers that they hold.
 */


#include "civic_filter_conf.h"


static char *civic_filter_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *civic_filter_add(ngx_conf_t *cf, ngx_array_t *uses,
    const civic_filter_use_t *use);
static ngx_uint_t civic_filter_name_valid(const ngx_str_t *name);
static char *civic_filter_max_body(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static void *civic_filter_create_loc_conf(ngx_conf_t *cf);
static char *civic_filter_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static char *civic_filter_append_all(ngx_conf_t *cf, ngx_array_t *uses,
    const ngx_array_t *more);
static char *civic_filter_defined(ngx_conf_t *cf, const ngx_array_t *uses);


static ngx_command_t  civic_filter_commands[] = {

    { ngx_string("civic_filter"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      civic_filter_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("civic_filter_max_body"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      civic_filter_max_body,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(civic_filter_loc_conf_t, max_body),
      NULL },

      ngx_null_command
};


static ngx_http_module_t  civic_filter_module_ctx = {
    NULL,                                  /* preconfiguration */
    NULL,                                  /* postconfiguration */

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    civic_filter_create_loc_conf,          /* create location configuration */
    civic_filter_merge_loc_conf            /* merge location configuration */
};


ngx_module_t  ngx_http_civic_filters_module = {
    NGX_MODULE_V1,
    &civic_filter_module_ctx,              /* module context */
    civic_filter_commands,                 /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    NULL,                                  /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


/* civic_filter DEPARTMENT/NAME ... | off */

static char *
civic_filter_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    civic_filter_loc_conf_t  *flcf = conf;

    ngx_str_t           *value;
    ngx_uint_t           i, off;
    civic_pos_t         *pos;
    civic_filter_use_t   use;

    civic_activate(cf);

    value = cf->args->elts;
    off = value[1].len == 3 && ngx_strncmp(value[1].data, "off", 3) == 0;

    if (flcf->off || (off && (cf->args->nelts > 2 || flcf->uses != NULL))) {
        return civic_conf_error(cf, NULL, "civic_filter off stands alone");
    }

    if (off) {
        flcf->off = 1;
        return NGX_CONF_OK;
    }

    if (flcf->uses == NULL) {
        flcf->uses = ngx_array_create(cf->pool, 2,
                                      sizeof(civic_filter_use_t));
    }

    pos = civic_conf_pos(cf);

    if (flcf->uses == NULL || pos == NULL) {
        return NGX_CONF_ERROR;
    }

    use.pos = *pos;

    for (i = 1; i < cf->args->nelts; i++) {
        use.name = value[i];

        if (!civic_filter_name_valid(&use.name)) {
            return civic_conf_error(cf, NULL,
                                    "civic_filter wants DEPARTMENT/NAME, "
                                    "not \"%V\"", &use.name);
        }

        if (civic_filter_add(cf, flcf->uses, &use) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static char *
civic_filter_add(ngx_conf_t *cf, ngx_array_t *uses,
    const civic_filter_use_t *use)
{
    ngx_uint_t           i;
    civic_filter_use_t  *other, *slot;

    other = uses->elts;

    for (i = 0; i < uses->nelts; i++) {

        if (other[i].name.len == use->name.len
            && ngx_strncmp(other[i].name.data, use->name.data, use->name.len)
               == 0)
        {
            return civic_conf_error(cf, &use->pos,
                                    "civic_filter names \"%V\" again "
                                    "(first in %V:%ui)", &use->name,
                                    &other[i].pos.file, other[i].pos.line);
        }
    }

    if (uses->nelts == CIVIC_FILTER_MAX) {
        return civic_conf_error(cf, &use->pos,
                                "more than %d plugins would filter one "
                                "location", CIVIC_FILTER_MAX);
    }

    slot = ngx_array_push(uses);
    if (slot == NULL) {
        return NGX_CONF_ERROR;
    }

    *slot = *use;

    return NGX_CONF_OK;
}


static ngx_uint_t
civic_filter_name_valid(const ngx_str_t *name)
{
    u_char      *p, *last;
    ngx_uint_t   slashes;

    slashes = 0;
    last = name->data + name->len;

    for (p = name->data; p < last; p++) {

        if (*p == '/') {
            if (p == name->data || p == last - 1 || slashes++) {
                return 0;
            }

        } else if ((*p < 'a' || *p > 'z') && (*p < '0' || *p > '9')
                   && *p != '-')
        {
            return 0;
        }
    }

    return slashes == 1;
}


static char *
civic_filter_max_body(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    civic_filter_loc_conf_t  *flcf = conf;

    char  *rv;

    rv = ngx_conf_set_size_slot(cf, cmd, conf);

    if (rv == NGX_CONF_OK && flcf->max_body == 0) {
        return civic_conf_error(cf, NULL,
                                "civic_filter_max_body cannot be 0");
    }

    return rv;
}


static void *
civic_filter_create_loc_conf(ngx_conf_t *cf)
{
    civic_filter_loc_conf_t  *flcf;

    flcf = ngx_pcalloc(cf->pool, sizeof(civic_filter_loc_conf_t));
    if (flcf == NULL) {
        return NULL;
    }

    flcf->max_body = NGX_CONF_UNSET_SIZE;

    return flcf;
}


/* what is inherited comes first */

static char *
civic_filter_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    civic_filter_loc_conf_t  *prev = parent;
    civic_filter_loc_conf_t  *conf = child;

    ngx_array_t  *uses;

    ngx_conf_merge_size_value(conf->max_body, prev->max_body, 1024 * 1024);

    if (civic_filter_defined(cf, prev->uses) != NGX_CONF_OK
        || civic_filter_defined(cf, conf->uses) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (conf->off || prev->uses == NULL) {
        return NGX_CONF_OK;
    }

    if (conf->uses == NULL) {
        conf->uses = prev->uses;
        return NGX_CONF_OK;
    }

    uses = ngx_array_create(cf->pool, CIVIC_FILTER_MAX,
                            sizeof(civic_filter_use_t));

    if (uses == NULL
        || civic_filter_append_all(cf, uses, prev->uses) != NGX_CONF_OK
        || civic_filter_append_all(cf, uses, conf->uses) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    conf->uses = uses;

    return NGX_CONF_OK;
}


static char *
civic_filter_append_all(ngx_conf_t *cf, ngx_array_t *uses,
    const ngx_array_t *more)
{
    ngx_uint_t           i;
    civic_filter_use_t  *use;

    use = more->elts;

    for (i = 0; i < more->nelts; i++) {

        if (civic_filter_add(cf, uses, &use[i]) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


/* plugins come and go, their departments do not */

static char *
civic_filter_defined(ngx_conf_t *cf, const ngx_array_t *uses)
{
    ngx_str_t                  name;
    ngx_uint_t                 i;
    civic_filter_use_t        *use;
    const civic_department_t  *department;

    use = uses ? uses->elts : NULL;

    for (i = 0; uses && i < uses->nelts; i++) {

        name.data = use[i].name.data;
        name.len = ngx_strlchr(name.data, name.data + use[i].name.len, '/')
                   - name.data;

        department = civic_plugin_department(cf, &name);

        if (department == NULL || department->off) {
            return civic_conf_error(cf, &use[i].pos,
                                    "civic_filter \"%V\": the department "
                                    "\"%V\" is %s", &use[i].name, &name,
                                    department ? "off" : "not defined");
        }
    }

    return NGX_CONF_OK;
}
