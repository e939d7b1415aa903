
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

#include "civic_remote_conf.h"


#define CIVIC_REMOTE_FILE_MAX    (1024 * 1024)
#define CIVIC_REMOTE_SECRET_MAX  8192


static char *civic_remote_file_read(ngx_conf_t *cf, civic_remote_t *remote,
    ngx_str_t *name, ngx_str_t *text, ngx_uint_t secret);
static char *civic_remote_file_read_fd(ngx_conf_t *cf, ngx_fd_t fd,
    ngx_str_t *name, ngx_str_t *text, ngx_uint_t secret);
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
    ngx_str_t *name, ngx_str_t *text)
{
    ngx_uint_t  secret;

    secret = (text == &remote->key);

    return civic_remote_file_read(cf, remote, name, text, secret);
}


/* one line; the line feed that editors leave at its end is no part of it */

char *
civic_remote_file_secret(ngx_conf_t *cf, civic_remote_t *remote,
    ngx_str_t *name, ngx_str_t *text)
{
    char  *rv;

    rv = civic_remote_file_read(cf, remote, name, text, 1);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (text->len && text->data[text->len - 1] == LF) {
        text->len--;
    }

    if (text->len && text->data[text->len - 1] == CR) {
        text->len--;
    }

    if (text->len == 0 || text->len > CIVIC_REMOTE_SECRET_MAX) {
        return civic_conf_error(cf, NULL, "file \"%V\" of civic_remote "
                                "\"%V\" is empty, or larger than 8 kB",
                                name, &remote->name);
    }

    return NGX_CONF_OK;
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


static char *
civic_remote_file_read(ngx_conf_t *cf, civic_remote_t *remote,
    ngx_str_t *name, ngx_str_t *text, ngx_uint_t secret)
{
    char       *rv;
    ngx_fd_t    fd;
    ngx_str_t   file;

    file = *name;

    if (file.len == 0) {
        return civic_conf_error(cf, NULL, "civic_remote \"%V\" names a file "
                                "without a name", &remote->name);
    }

    if (ngx_conf_full_name(cf->cycle, &file, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    fd = ngx_open_file(file.data, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK,
                       NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        return civic_conf_error(cf, NULL, "file \"%V\" of civic_remote "
                                "\"%V\" cannot be opened: %s", &file,
                                &remote->name, strerror(ngx_errno));
    }

    rv = civic_remote_file_read_fd(cf, fd, &file, text, secret);

    if (ngx_close_file(fd) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_ALERT, cf, ngx_errno,
                           ngx_close_file_n " \"%V\" failed", &file);
    }

    return rv;
}


static char *
civic_remote_file_read_fd(ngx_conf_t *cf, ngx_fd_t fd, ngx_str_t *name,
    ngx_str_t *text, ngx_uint_t secret)
{
    ssize_t          n;
    ngx_file_info_t  fi;

    if (ngx_fd_info(fd, &fi) == NGX_FILE_ERROR || !ngx_is_file(&fi)) {
        return civic_conf_error(cf, NULL, "\"%V\" is not a file", name);
    }

    if (secret && (fi.st_mode & (S_IROTH|S_IWOTH))) {
        return civic_conf_error(cf, NULL, "\"%V\" holds a secret, and "
                                "everybody may read or write it: "
                                "chmod o-rwx", name);
    }

    if (ngx_file_size(&fi) == 0
        || ngx_file_size(&fi) > CIVIC_REMOTE_FILE_MAX)
    {
        return civic_conf_error(cf, NULL, "file \"%V\" is empty, or larger "
                                "than 1 MB", name);
    }

    text->len = (size_t) ngx_file_size(&fi);

    text->data = ngx_pnalloc(cf->pool, text->len + 1);
    if (text->data == NULL) {
        return NGX_CONF_ERROR;
    }

    n = ngx_read_fd(fd, text->data, text->len);

    if (n != (ssize_t) text->len) {
        return civic_conf_error(cf, NULL, "file \"%V\" cannot be read",
                                name);
    }

    text->data[text->len] = '\0';

    return NGX_CONF_OK;
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
