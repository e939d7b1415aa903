
/*
 * Copyright (C) Civic Gate
 *
 * What the gate's own answers say: application/problem+json (RFC 9457), or
 * a small page for people, in Chinese or English.  The texts are fixed; of
 * the request they repeat nothing but its trace id.
 */


#include "civic_reply.h"
#include "civic_json.h"
#include "civic_negotiate.h"


typedef struct {
    ngx_str_t        shown;            /* civic_problem_t.shown */
    ngx_str_t        title[2];
    ngx_str_t        advice[2];
} civic_reply_text_t;


static const civic_reply_text_t *civic_reply_text(const ngx_str_t *shown);
static void civic_reply_own(ngx_pool_t *pool, civic_reply_text_t *text,
    const civic_problem_own_t *own, ngx_uint_t html);
static void civic_reply_escape(ngx_pool_t *pool, ngx_str_t *text,
    ngx_uint_t html);
static size_t civic_reply_size(const civic_problem_own_t *own);
static ngx_uint_t civic_reply_accepted(const ngx_str_t *accept);
static void civic_reply_find_accept(ngx_http_request_t *r, ngx_str_t *media,
    ngx_str_t *language);
static u_char *civic_reply_json(u_char *p, u_char *last, ngx_uint_t status,
    const civic_reply_text_t *text, ngx_uint_t language, ngx_str_t *trace,
    const ngx_str_t *members);
static u_char *civic_reply_html(u_char *p, u_char *last, ngx_uint_t status,
    const civic_reply_text_t *text, ngx_uint_t language, ngx_str_t *trace,
    const ngx_str_t *members);


#define CIVIC_REPLY_MAX  2048          /* bytes: the longest text, twice */


/* "internal" comes last: it stands for whatever has no text of its own */

static const civic_reply_text_t  civic_reply_texts[] = {

    { ngx_string("malformed"),
      { ngx_string("请求格式有误"), ngx_string("Malformed request") },
      { ngx_string("请检查地址和请求头的写法。"),
        ngx_string("Check how the address and the headers are written.") } },

    { ngx_string("unauthenticated"),
      { ngx_string("需要登录"), ngx_string("Authentication required") },
      { ngx_string("请登录，或使用有效的访问令牌重试。"),
        ngx_string("Sign in, or use a valid access token.") } },

    { ngx_string("origin-refused"),
      { ngx_string("不接受来自其他网站页面的请求"),
        ngx_string("Request from another site's page refused") },
      { ngx_string("请在本网站的页面上操作。"),
        ngx_string("Use the pages of this site.") } },

    { ngx_string("signin-failed"),
      { ngx_string("登录没有完成"), ngx_string("Sign-in not completed") },
      { ngx_string("请回到原来的页面，重新登录。"),
        ngx_string("Go back to the page and sign in again.") } },

    { ngx_string("scope-denied"),
      { ngx_string("没有权限"), ngx_string("Permission denied") },
      { ngx_string("您的授权范围不包含这项服务。"),
        ngx_string("Your authorisation does not cover this service.") } },

    { ngx_string("level-denied"),
      { ngx_string("需要更高等级的身份认证"),
        ngx_string("Stronger authentication required") },
      { ngx_string("请以更高等级的方式重新登录。"),
        ngx_string("Sign in again at a higher level of assurance.") } },

    { ngx_string("anonymous-denied"),
      { ngx_string("不接受匿名访问"),
        ngx_string("Anonymous access denied") },
      { ngx_string("请先登录。"), ngx_string("Sign in first.") } },

    { ngx_string("not-found"),
      { ngx_string("没有这个地址"), ngx_string("Not found") },
      { ngx_string("请检查地址。"), ngx_string("Check the address.") } },

    { ngx_string("method-not-allowed"),
      { ngx_string("不支持这个请求方法"), ngx_string("Method not allowed") },
      { ngx_string("可用的方法见 Allow 响应头。"),
        ngx_string("The Allow header lists what is.") } },

    { ngx_string("body-too-large"),
      { ngx_string("请求内容过大"), ngx_string("Request body too large") },
      { ngx_string("请减小上传内容后重试。"),
        ngx_string("Send less at once.") } },

    { ngx_string("rate-limited"),
      { ngx_string("请求过于频繁"), ngx_string("Too many requests") },
      { ngx_string("请按 Retry-After 指示的秒数稍后重试。"),
        ngx_string("Try again after the seconds in Retry-After.") } },

    { ngx_string("idempotency-conflict"),
      { ngx_string("相同的请求正在处理"),
        ngx_string("The same request is being answered") },
      { ngx_string("请稍后用同一个 Idempotency-Key 重试。"),
        ngx_string("Try again soon with the same Idempotency-Key.") } },

    { ngx_string("idempotency-answer-lost"),
      { ngx_string("请求已办理，但当时的应答无法重现"),
        ngx_string("The request was answered; its answer was not kept") },
      { ngx_string("请勿用新的 Idempotency-Key 重试，请查询办理结果。"),
        ngx_string("Do not try again with a new key: look what came of it.")
      } },

    { ngx_string("idempotency-mismatch"),
      { ngx_string("Idempotency-Key 已用于另一个请求"),
        ngx_string("This Idempotency-Key belongs to another request") },
      { ngx_string("新的请求请使用新的 Idempotency-Key。"),
        ngx_string("Use a new Idempotency-Key for a new request.") } },

    { ngx_string("conflict"),
      { ngx_string("与现有内容冲突"),
        ngx_string("In conflict with what is there") },
      { ngx_string("请先查看现有内容。"),
        ngx_string("Look at what is there first.") } },

    { ngx_string("unsupported-media-type"),
      { ngx_string("不支持这种内容类型"),
        ngx_string("Unsupported media type") },
      { ngx_string("请以 application/json 发送。"),
        ngx_string("Send application/json.") } },

    { ngx_string("invalid-body"),
      { ngx_string("请求内容不符合要求"), ngx_string("Invalid body") },
      { ngx_string("请检查请求内容。"), ngx_string("Check the body.") } },

    { ngx_string("invalid-query"),
      { ngx_string("查询参数不符合要求"),
        ngx_string("Invalid query parameters") },
      { ngx_string("请检查查询参数。"), ngx_string("Check the query.") } },

    { ngx_string("plugin-failed"),
      { ngx_string("服务处理出错"),
        ngx_string("The service failed on this request") },
      { ngx_string("请稍后重试；如仍出错，请提供追踪号。"),
        ngx_string("Try again later; if it persists, quote the trace id.") } },

    { ngx_string("plugin-budget-exceeded"),
      { ngx_string("服务处理超出限额"),
        ngx_string("The service used more than it may") },
      { ngx_string("请稍后重试；如仍出错，请提供追踪号。"),
        ngx_string("Try again later; if it persists, quote the trace id.") } },

    { ngx_string("plugin-timeout"),
      { ngx_string("服务处理超时"),
        ngx_string("The service took too long") },
      { ngx_string("请稍后重试。"), ngx_string("Try again later.") } },

    { ngx_string("store-unavailable"),
      { ngx_string("数据存储暂不可用"),
        ngx_string("The service's store is unavailable") },
      { ngx_string("请稍后重试。"), ngx_string("Try again later.") } },

    { ngx_string("bad-gateway"),
      { ngx_string("服务暂时无法应答"),
        ngx_string("The service did not answer properly") },
      { ngx_string("请稍后重试。"), ngx_string("Try again later.") } },

    { ngx_string("unavailable"),
      { ngx_string("服务暂不可用"), ngx_string("Service unavailable") },
      { ngx_string("请稍后重试。"), ngx_string("Try again later.") } },

    { ngx_string("plugin-not-loaded"),
      { ngx_string("服务尚未就绪"), ngx_string("Service not ready") },
      { ngx_string("该服务没有可用的版本，请稍后重试。"),
        ngx_string("No version of it works at present; try again later.") } },

    { ngx_string("plugin-stopped"),
      { ngx_string("服务已暂停"), ngx_string("Service stopped") },
      { ngx_string("该服务已由管理方暂停。"),
        ngx_string("Those who run it have stopped it.") } },

    { ngx_string("plugin-quarantined"),
      { ngx_string("服务暂不可用"), ngx_string("Service unavailable") },
      { ngx_string("该服务连续出错，请按 Retry-After 指示的秒数稍后重试。"),
        ngx_string("It kept failing; try again after the seconds in "
                   "Retry-After.") } },

    { ngx_string("gateway-timeout"),
      { ngx_string("服务应答超时"),
        ngx_string("The service did not answer in time") },
      { ngx_string("请稍后重试。"), ngx_string("Try again later.") } },

    { ngx_string("internal"),
      { ngx_string("系统内部错误"), ngx_string("Internal error") },
      { ngx_string("请稍后重试；如仍出错，请提供追踪号。"),
        ngx_string("Try again later; if it persists, quote the trace id.") } }
};

#define CIVIC_REPLY_TEXTS                                                     \
    (sizeof(civic_reply_texts) / sizeof(civic_reply_texts[0]))


static ngx_str_t  civic_reply_json_type =
    ngx_string("application/problem+json");
static ngx_str_t  civic_reply_html_type = ngx_string("text/html");
static ngx_str_t  civic_reply_languages[] = {
    ngx_string("zh"), ngx_string("en")
};
static ngx_str_t  civic_reply_vary = ngx_string("Accept, Accept-Language");
static ngx_str_t  civic_reply_no_store = ngx_string("no-store");


ngx_chain_t *
civic_reply_page(ngx_http_request_t *r, civic_ctx_t *ctx, ngx_uint_t status,
    const civic_problem_t *problem)
{
    ngx_buf_t                  *b;
    ngx_str_t                   media, language, trace, members;
    ngx_uint_t                  html, lang;
    ngx_chain_t                *out;
    civic_reply_text_t          text;
    const civic_problem_own_t  *own;

    own = problem == ctx->main->problem ? ctx->main->own : NULL;

    b = ngx_create_temp_buf(r->pool, civic_reply_size(own));
    out = ngx_alloc_chain_link(r->pool);

    if (b == NULL
        || out == NULL
        || civic_headers_out_add(r, "Vary", &civic_reply_vary) == NULL
        || civic_headers_out_add(r, "Cache-Control", &civic_reply_no_store)
           == NULL)
    {
        return NULL;
    }

    civic_reply_find_accept(r, &media, &language);

    html = civic_negotiate_media(&media, &civic_reply_html_type)
           > civic_negotiate_media(&media, &civic_reply_json_type);
    lang = civic_reply_accepted(&language);
    text = *civic_reply_text(&problem->shown);
    ngx_str_null(&members);

    if (own) {
        civic_reply_own(r->pool, &text, own, html);
        members = own->members;
    }

    trace.len = ctx->main->trace_id[0] ? CIVIC_TRACE_ID_LEN : 0;
    trace.data = ctx->main->trace_id;

    b->last = (html ? civic_reply_html : civic_reply_json)
                  (b->last, b->end, status, &text, lang, &trace, &members);
    b->last_buf = (r == r->main);
    b->last_in_chain = 1;

    out->buf = b;
    out->next = NULL;

    ngx_http_clear_accept_ranges(r);
    ngx_http_clear_last_modified(r);
    ngx_http_clear_etag(r);
    ngx_http_clear_content_length(r);

    r->headers_out.content_length_n = b->last - b->pos;
    r->headers_out.content_type = html ? civic_reply_html_type
                                       : civic_reply_json_type;
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;

    if (html) {
        ngx_str_set(&r->headers_out.charset, "utf-8");

    } else {
        r->headers_out.charset.len = 0;
        r->headers_out.override_charset = NULL;
    }

    return out;
}


const ngx_str_t *
civic_reply_title(const civic_problem_t *problem,
    civic_reply_language_e language)
{
    return &civic_reply_text(&problem->shown)->title[language];
}


static const civic_reply_text_t *
civic_reply_text(const ngx_str_t *shown)
{
    ngx_uint_t  i;

    for (i = 0; i < CIVIC_REPLY_TEXTS - 1; i++) {

        if (shown->len == civic_reply_texts[i].shown.len
            && ngx_strncmp(shown->data, civic_reply_texts[i].shown.data,
                           shown->len)
               == 0)
        {
            break;
        }
    }

    return &civic_reply_texts[i];
}


/* what a plugin says is text, and becomes JSON or HTML here */

static void
civic_reply_own(ngx_pool_t *pool, civic_reply_text_t *text,
    const civic_problem_own_t *own, ngx_uint_t html)
{
    ngx_uint_t  i;

    if (own->code.len) {
        text->shown = own->code;
    }

    for (i = CIVIC_REPLY_ZH; i <= CIVIC_REPLY_EN; i++) {

        if (own->title[i].len) {
            text->title[i] = own->title[i];
            civic_reply_escape(pool, &text->title[i], html);
        }

        if (own->code.len || own->detail.len) {
            text->advice[i] = own->detail;
            civic_reply_escape(pool, &text->advice[i], html);
        }
    }
}


/* without memory for it there is no text */

static void
civic_reply_escape(ngx_pool_t *pool, ngx_str_t *text, ngx_uint_t html)
{
    size_t  len;
    u_char  *p;

    len = html ? text->len + ngx_escape_html(NULL, text->data, text->len)
               : civic_json_escaped_len(text);

    p = ngx_pnalloc(pool, len + 1);

    if (p == NULL) {
        text->len = 0;
        return;
    }

    if (html) {
        (void) ngx_escape_html(p, text->data, text->len);

    } else {
        (void) civic_json_escape(p, text);
    }

    text->data = p;
    text->len = len;
}


static size_t
civic_reply_size(const civic_problem_own_t *own)
{
    size_t  size;

    size = CIVIC_REPLY_MAX;

    if (own) {
        size += 2 * own->code.len + own->members.len
                + 6 * own->detail.len
                + 12 * ngx_max(own->title[CIVIC_REPLY_ZH].len,
                               own->title[CIVIC_REPLY_EN].len);
    }

    return size;
}


civic_reply_language_e
civic_reply_language(ngx_http_request_t *r)
{
    ngx_str_t  media, language;

    civic_reply_find_accept(r, &media, &language);

    return civic_reply_accepted(&language);
}


/* people here read Chinese; English has to be asked for */

static ngx_uint_t
civic_reply_accepted(const ngx_str_t *accept)
{
    return civic_negotiate_language(accept, &civic_reply_languages[1])
           > civic_negotiate_language(accept, &civic_reply_languages[0])
           ? CIVIC_REPLY_EN : CIVIC_REPLY_ZH;
}


/* headers_in.accept exists only in some builds of nginx */

static void
civic_reply_find_accept(ngx_http_request_t *r, ngx_str_t *media,
    ngx_str_t *language)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    ngx_str_null(media);
    ngx_str_null(language);

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (h[i].key.len == sizeof("accept") - 1
                && ngx_strncmp(h[i].lowcase_key, "accept", 6) == 0)
            {
                *media = h[i].value;

            } else if (h[i].key.len == sizeof("accept-language") - 1
                       && ngx_strncmp(h[i].lowcase_key, "accept-language", 15)
                          == 0)
            {
                *language = h[i].value;
            }
        }
    }
}


static u_char *
civic_reply_json(u_char *p, u_char *last, ngx_uint_t status,
    const civic_reply_text_t *text, ngx_uint_t language, ngx_str_t *trace,
    const ngx_str_t *members)
{
    return ngx_slprintf(p, last,
                        "{\"type\":\"urn:civicgate:problem:%V\","
                        "\"title\":\"%V\",\"status\":%ui,\"code\":\"%V\","
                        "%s%V%s\"trace\":\"%V\"%V}\n",
                        &text->shown, &text->title[language], status,
                        &text->shown,
                        text->advice[language].len ? "\"detail\":\"" : "",
                        &text->advice[language],
                        text->advice[language].len ? "\"," : "",
                        trace, members);
}


static u_char *
civic_reply_html(u_char *p, u_char *last, ngx_uint_t status,
    const civic_reply_text_t *text, ngx_uint_t language, ngx_str_t *trace,
    const ngx_str_t *members)
{
    return ngx_slprintf(p, last,
                        "<!doctype html>\n<html lang=\"%V\">\n"
                        "<meta charset=\"utf-8\">\n"
                        "<meta name=\"viewport\" "
                        "content=\"width=device-width\">\n"
                        "<title>%V</title>\n"
                        "<style>body{font:1.1em/1.6 sans-serif;"
                        "max-width:32em;margin:15vh auto;padding:0 1em}"
                        "small{color:#666;word-break:break-all}</style>\n"
                        "<h1>%V</h1>\n<p>%V</p>\n"
                        "<p><small>%ui %V<br>%V</small></p>\n</html>\n",
                        &civic_reply_languages[language],
                        &text->title[language], &text->title[language],
                        &text->advice[language], status, &text->shown, trace);
}
