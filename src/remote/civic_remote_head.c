
/*
 * Copyright (C) Civic Gate
 *
 * Collects the head of an answer from the lines that libcurl hands over:
 * those of interim answers (1xx), which are forgotten, of the final one,
 * and trailers, which are ignored.  What belongs to the connection is taken
 * out at the end, with what the Connection header names.  Bounded, since a
 * remote may send anything.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "civic_remote_check.h"
#include "civic_remote_head.h"
#include "civic_text.h"


static ngx_int_t civic_remote_head_status(civic_remote_head_t *head,
    const ngx_str_t *line);
static ngx_int_t civic_remote_head_header(civic_remote_head_t *head,
    const ngx_str_t *line);
static ngx_int_t civic_remote_head_end(civic_remote_head_t *head);
static ngx_uint_t civic_remote_head_named(const ngx_str_t *list,
    const ngx_str_t *name);


ngx_int_t
civic_remote_head_init(civic_remote_head_t *head, ngx_pool_t *pool)
{
    ngx_memzero(head, sizeof(civic_remote_head_t));

    head->pool = pool;

    return ngx_array_init(&head->headers, pool, 16, sizeof(ngx_keyval_t));
}


ngx_int_t
civic_remote_head_line(civic_remote_head_t *head, const ngx_str_t *line)
{
    ngx_str_t  text;

    text = *line;
    head->bytes += text.len;

    if (head->bytes > CIVIC_REMOTE_HEAD_BYTES) {
        return NGX_BUSY;
    }

    if (head->done) {
        return NGX_OK;
    }

    while (text.len && (text.data[text.len - 1] == LF
                        || text.data[text.len - 1] == CR))
    {
        text.len--;
    }

    if (text.len == 0) {
        return civic_remote_head_end(head);
    }

    if (head->status == 0) {
        return civic_remote_head_status(head, &text);
    }

    return civic_remote_head_header(head, &text);
}


/* HTTP/1.1 200 whatever */

static ngx_int_t
civic_remote_head_status(civic_remote_head_t *head, const ngx_str_t *line)
{
    ngx_int_t  status;

    if (line->len < sizeof("HTTP/1.x 200") - 1
        || ngx_strncmp(line->data, "HTTP/1.", 7) != 0
        || line->data[8] != ' '
        || (line->len > 12 && line->data[12] != ' '))
    {
        return NGX_DECLINED;
    }

    status = ngx_atoi(line->data + 9, 3);

    /* nobody asked for another protocol */

    if (status < 100 || status > 599 || status == 101) {
        return NGX_DECLINED;
    }

    head->status = status;

    return NGX_OK;
}


static ngx_int_t
civic_remote_head_header(civic_remote_head_t *head, const ngx_str_t *line)
{
    u_char        *p, *end;
    ngx_str_t      name, value;
    ngx_keyval_t  *header;

    end = line->data + line->len;

    p = ngx_strlchr(line->data, end, ':');
    if (p == NULL) {
        return NGX_DECLINED;
    }

    name.data = line->data;
    name.len = p - line->data;

    for (p++; p < end && (*p == ' ' || *p == '\t'); p++) { /* void */ }

    while (end > p && (end[-1] == ' ' || end[-1] == '\t')) {
        end--;
    }

    value.data = p;
    value.len = end - p;

    if (!civic_text_token(&name)
        || !civic_text_value(&value))
    {
        return NGX_DECLINED;
    }

    if (head->headers.nelts == CIVIC_REMOTE_HEAD_LINES) {
        return NGX_BUSY;
    }

    header = ngx_array_push(&head->headers);
    p = ngx_pnalloc(head->pool, name.len + value.len + 2);

    if (header == NULL || p == NULL) {
        return NGX_ERROR;
    }

    header->key.data = p;
    header->key.len = name.len;
    p = ngx_cpymem(p, name.data, name.len);
    *p++ = '\0';

    header->value.data = p;
    header->value.len = value.len;
    p = ngx_cpymem(p, value.data, value.len);
    *p = '\0';

    return NGX_OK;
}


static ngx_int_t
civic_remote_head_end(civic_remote_head_t *head)
{
    ngx_uint_t     i, j, n;
    ngx_keyval_t  *header;
    u_char         gone[CIVIC_REMOTE_HEAD_LINES];

    if (head->status == 0) {
        return NGX_DECLINED;
    }

    if (head->status < 200) {
        head->status = 0;
        head->headers.nelts = 0;
        return NGX_OK;
    }

    header = head->headers.elts;

    for (i = 0; i < head->headers.nelts; i++) {
        gone[i] = civic_remote_check_hop(&header[i].key);

        for (j = 0; j < head->headers.nelts && !gone[i]; j++) {
            gone[i] = header[j].key.len == 10
                      && ngx_strncasecmp(header[j].key.data,
                                         (u_char *) "connection", 10) == 0
                      && civic_remote_head_named(&header[j].value,
                                                 &header[i].key);
        }
    }

    for (i = 0, n = 0; i < head->headers.nelts; i++) {

        if (!gone[i]) {
            header[n++] = header[i];
        }
    }

    head->headers.nelts = n;
    head->done = 1;

    return NGX_DONE;
}


/* a list such as "close, X-Internal" */

static ngx_uint_t
civic_remote_head_named(const ngx_str_t *list, const ngx_str_t *name)
{
    size_t   len;
    u_char  *p, *end;

    end = list->data + list->len;

    for (p = list->data; p < end; p += len + 1) {

        while (p < end && (*p == ' ' || *p == '\t' || *p == ',')) {
            p++;
        }

        for (len = 0;
             p + len < end && p[len] != ',' && p[len] != ' '
             && p[len] != '\t';
             len++)
        {
            /* void */
        }

        if (len == name->len && ngx_strncasecmp(p, name->data, len) == 0) {
            return 1;
        }
    }

    return 0;
}
