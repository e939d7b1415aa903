
/*
 * Copyright (C) Civic Gate
 *
 * The files of a civic_remote block, read and judged when the configuration
 * is: workers need no right to read them, and nginx -t finds what is wrong.
 * libcurl gets the text of certificates and parses it anew for each
 * connection; what is parsed here is thrown away, but for the system's list
 * of authorities.  All of it lives as long as the configuration.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "civic_conf_file.h"
#include "civic_remote_conf.h"


#define CIVIC_REMOTE_FILE_MAX    (1024 * 1024)
#define CIVIC_REMOTE_SECRET_MAX  8192


static char *civic_remote_file_authority(ngx_conf_t *cf,
    civic_remote_t *remote);
static char *civic_remote_file_pair(ngx_conf_t *cf, civic_remote_t *remote);
static char *civic_remote_file_system(ngx_conf_t *cf,
    civic_remote_t *remote);
static void civic_remote_file_cleanup(void *data);
static X509 *civic_remote_file_x509(const ngx_str_t *text);
static EVP_PKEY *civic_remote_file_key(const ngx_str_t *text);
static int civic_remote_file_password(char *buf, int size, int rwflag,
    void *u);


char *
civic_remote_file_pem(ngx_conf_t *cf, civic_remote_t *remote,
    const ngx_str_t *name, ngx_str_t *text)
{
    civic_conf_file_t  file;

    ngx_memzero(&file, sizeof(civic_conf_file_t));

    file.what = "file";
    file.pool = cf->pool;
    file.max = CIVIC_REMOTE_FILE_MAX;
    file.secret = (text == &remote->key);

    return civic_conf_file_read(cf, &file, name, text);
}


char *
civic_remote_file_secret(ngx_conf_t *cf, const ngx_str_t *name,
    ngx_str_t *text)
{
    civic_conf_file_t  file;

    ngx_memzero(&file, sizeof(civic_conf_file_t));

    file.what = "file";
    file.pool = cf->pool;
    file.max = CIVIC_REMOTE_SECRET_MAX;
    file.secret = 1;

    return civic_conf_file_line(cf, &file, name, text);
}


char *
civic_remote_file_check(ngx_conf_t *cf, civic_remote_t *remote)
{
    char  *rv;

    if (!remote->url.tls) {
        return NGX_CONF_OK;
    }

    if (remote->verify) {
        rv = remote->ca.len ? civic_remote_file_authority(cf, remote)
                            : civic_remote_file_system(cf, remote);

        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    return remote->certificate.len ? civic_remote_file_pair(cf, remote)
                                   : NGX_CONF_OK;
}


static char *
civic_remote_file_authority(ngx_conf_t *cf, civic_remote_t *remote)
{
    X509  *cert;

    cert = civic_remote_file_x509(&remote->ca);

    if (cert == NULL) {
        return civic_conf_error(cf, &remote->pos, "\"ca\" of civic_remote "
                                "\"%V\" has no certificate in PEM",
                                &remote->name);
    }

    X509_free(cert);

    return NGX_CONF_OK;
}


static char *
civic_remote_file_pair(ngx_conf_t *cf, civic_remote_t *remote)
{
    X509        *cert;
    EVP_PKEY    *key;
    ngx_uint_t   matches;

    cert = civic_remote_file_x509(&remote->certificate);
    key = civic_remote_file_key(&remote->key);

    matches = cert && key && X509_check_private_key(cert, key) == 1;

    X509_free(cert);
    EVP_PKEY_free(key);
    ERR_clear_error();

    if (!matches) {
        return civic_conf_error(cf, &remote->pos, "\"certificate\" and "
                                "\"certificate_key\" of civic_remote \"%V\" "
                                "are no pair in PEM without a password",
                                &remote->name);
    }

    return NGX_CONF_OK;
}


/*
 * Without `ca` it is the list of the system that libcurl was built for.
 * Reading its hundreds of certificates takes too long for a worker.
 */

static char *
civic_remote_file_system(ngx_conf_t *cf, civic_remote_t *remote)
{
    const char                *file;
    ngx_pool_cleanup_t        *cln;
    curl_version_info_data    *info;
    civic_remote_main_conf_t  *rmcf;

    rmcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_civic_remote_module);

    if (rmcf->system == NULL) {
        info = curl_version_info(CURLVERSION_NOW);
        file = info->cainfo;

        cln = ngx_pool_cleanup_add(cf->pool, 0);
        rmcf->system = X509_STORE_new();

        if (cln == NULL || rmcf->system == NULL) {
            X509_STORE_free(rmcf->system);
            return NGX_CONF_ERROR;
        }

        cln->handler = civic_remote_file_cleanup;
        cln->data = rmcf->system;

        if (file == NULL || X509_STORE_load_file(rmcf->system, file) != 1) {
            ERR_clear_error();
            return civic_conf_error(cf, &remote->pos, "civic_remote \"%V\" "
                                    "has no \"ca\", and this system has no "
                                    "list of authorities (Debian: apt-get "
                                    "install ca-certificates)",
                                    &remote->name);
        }

        ERR_clear_error();
    }

    remote->system = rmcf->system;

    return NGX_CONF_OK;
}


static void
civic_remote_file_cleanup(void *data)
{
    X509_STORE_free(data);
}


static X509 *
civic_remote_file_x509(const ngx_str_t *text)
{
    BIO   *bio;
    X509  *cert;

    bio = BIO_new_mem_buf(text->data, (int) text->len);
    if (bio == NULL) {
        return NULL;
    }

    cert = PEM_read_bio_X509(bio, NULL, civic_remote_file_password, NULL);

    BIO_free(bio);
    ERR_clear_error();

    return cert;
}


static EVP_PKEY *
civic_remote_file_key(const ngx_str_t *text)
{
    BIO       *bio;
    EVP_PKEY  *key;

    bio = BIO_new_mem_buf(text->data, (int) text->len);
    if (bio == NULL) {
        return NULL;
    }

    key = PEM_read_bio_PrivateKey(bio, NULL, civic_remote_file_password,
                                  NULL);
    BIO_free(bio);
    ERR_clear_error();

    return key;
}


/* nobody is asked at a terminal */

static int
civic_remote_file_password(char *buf, int size, int rwflag, void *u)
{
    return -1;
}
