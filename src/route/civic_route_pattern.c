
/*
 * Copyright (C) Civic Gate
 *
 * Reads path patterns, segment by segment, and says what is wrong with
 * them.  Does not judge constraints: civic_route_segment.c compiles those.
 *
 * A literal is compared with the decoded path, so "%2F" in a pattern is
 * three bytes like any others.
 */


#include "civic_route_pattern.h"
#include "civic_error.h"
#include "civic_route_syntax.h"


static ngx_int_t civic_route_pattern_check(civic_route_pattern_t *pattern,
    const ngx_str_t *prefix);
static u_char *civic_route_pattern_segment(civic_route_pattern_t *pattern,
    u_char *p, u_char *last);
static u_char *civic_route_pattern_param(civic_route_pattern_t *pattern,
    u_char *p, u_char *last);
static u_char *civic_route_pattern_constraint(civic_route_pattern_t *pattern,
    u_char *p, u_char *last);
static ngx_int_t civic_route_pattern_add_param(civic_route_pattern_t *pattern,
    const civic_route_token_t *param);
static ngx_int_t civic_route_pattern_place(civic_route_pattern_t *pattern,
    u_char *begin, u_char *p, u_char *end, u_char *last);
static void civic_route_pattern_add_literal(civic_route_pattern_t *pattern,
    u_char *p, u_char *last);
static civic_route_piece_t *civic_route_pattern_add_piece(
    civic_route_pattern_t *pattern, civic_route_piece_e type);
static ngx_uint_t civic_route_pattern_any_text(const ngx_str_t *constraint);
static ngx_int_t civic_route_pattern_warn(civic_route_pattern_t *pattern);
static const char *civic_route_pattern_never(const ngx_str_t *literal,
    ngx_uint_t ends);


ngx_int_t
civic_route_pattern_parse(civic_route_pattern_t *pattern, ngx_pool_t *pool,
    const ngx_str_t *text, const ngx_str_t *prefix, ngx_str_t *err)
{
    u_char               *p, *last, *run, *next;
    ngx_uint_t            first;
    civic_route_piece_t  *piece;

    ngx_memzero(pattern, sizeof(civic_route_pattern_t));

    pattern->pool = pool;
    pattern->err = err;
    pattern->text = *text;

    if (civic_route_pattern_check(pattern, prefix) != NGX_OK) {
        return NGX_ERROR;
    }

    last = text->data + text->len;
    run = text->data;

    /* each turn begins at the slash before a segment */

    for (p = run; p < last; p = next) {

        first = pattern->ntokens;
        p++;

        next = civic_route_pattern_segment(pattern, p, last);
        if (next == NULL) {
            return NGX_ERROR;
        }

        if (pattern->ntokens == first) {
            continue;
        }

        piece = civic_route_pattern_add_piece(pattern, CIVIC_ROUTE_LITERAL);
        piece->text.data = run;
        piece->text.len = p - run;

        piece = civic_route_pattern_add_piece(pattern, CIVIC_ROUTE_SEGMENT);
        piece->tokens = &pattern->tokens[first];
        piece->ntokens = pattern->ntokens - first;

        if (piece->tokens->tail) {
            piece->type = CIVIC_ROUTE_TAIL;

        } else if (piece->ntokens == 1 && piece->tokens->text.len == 0) {
            piece->type = CIVIC_ROUTE_FREE;
        }

        run = next;
    }

    if (run < last) {
        piece = civic_route_pattern_add_piece(pattern, CIVIC_ROUTE_LITERAL);
        piece->text.data = run;
        piece->text.len = last - run;
    }

    return civic_route_pattern_warn(pattern);
}


static ngx_int_t
civic_route_pattern_check(civic_route_pattern_t *pattern,
    const ngx_str_t *prefix)
{
    ngx_str_t  *text;

    text = &pattern->text;

    if (text->len > CIVIC_ROUTE_PATTERN_LEN) {
        return civic_error_write(pattern->pool, pattern->err,
                                 "the pattern \"%*s...\" is longer than "
                                 "%d bytes", (size_t) 64, text->data,
                                 CIVIC_ROUTE_PATTERN_LEN);
    }

    if (text->len == 0 || text->data[0] != '/') {
        return civic_error_write(pattern->pool, pattern->err,
                                 "the pattern \"%V\" must begin with \"/\" "
                                 "or \"~^\"", text);
    }

    if (prefix == NULL) {
        return NGX_OK;
    }

    if (text->len < prefix->len
        || ngx_memcmp(text->data, prefix->data, prefix->len) != 0
        || ngx_strlchr(text->data, text->data + prefix->len, '{') != NULL)
    {
        return civic_error_write(pattern->pool, pattern->err,
                                 "the pattern \"%V\" must begin with "
                                 "its location's name, \"%V\", as plain text",
                                 text, prefix);
    }

    return NGX_OK;
}


/* returns the end of the segment at p; a literal segment adds no token */

static u_char *
civic_route_pattern_segment(civic_route_pattern_t *pattern, u_char *p,
    u_char *last)
{
    u_char      *begin, *literal, *next;
    ngx_uint_t   first;

    begin = p;
    literal = p;
    first = pattern->ntokens;

    while (p < last && *p != '/') {

        if (*p == '}') {
            (void) civic_error_write(pattern->pool, pattern->err,
                                     "the pattern \"%V\" has a \"}\" "
                                     "without \"{\"", &pattern->text);
            return NULL;
        }

        if (*p != '{') {
            p++;
            continue;
        }

        if (p == literal && p != begin) {
            (void) civic_error_write(pattern->pool, pattern->err,
                                     "two parameters of the pattern \"%V\" "
                                     "have no text between them",
                                     &pattern->text);
            return NULL;
        }

        civic_route_pattern_add_literal(pattern, literal, p);

        next = civic_route_pattern_param(pattern, p, last);

        if (next == NULL
            || civic_route_pattern_place(pattern, begin, p, next, last)
               != NGX_OK)
        {
            return NULL;
        }

        p = next;
        literal = p;
    }

    if (pattern->ntokens > first) {
        civic_route_pattern_add_literal(pattern, literal, p);
    }

    return p;
}


/* parses {name}, {name:constraint} or {name...} at p; returns its end */

static u_char *
civic_route_pattern_param(civic_route_pattern_t *pattern, u_char *p,
    u_char *last)
{
    u_char               *open;
    civic_route_token_t   param;

    ngx_memzero(&param, sizeof(civic_route_token_t));

    open = p++;

    param.name.data = p;

    while (p < last
           && ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z')
               || *p == '_' || *p == '-' || (*p >= '0' && *p <= '9')))
    {
        p++;
    }

    param.name.len = p - param.name.data;
    param.text.data = p;

    if (param.name.len == 0
        || param.name.data[0] == '-'
        || (param.name.data[0] >= '0' && param.name.data[0] <= '9'))
    {
        goto invalid;
    }

    if (last - p > 3 && ngx_strncmp(p, "...}", 4) == 0) {
        param.tail = 1;
        p += 3;

    } else if (p < last && *p == ':') {
        param.text.data = ++p;

        p = civic_route_pattern_constraint(pattern, p, last);
        if (p == NULL) {
            return NULL;
        }

        param.text.len = p - param.text.data;

        if (param.text.len == 0) {
            goto invalid;
        }

        if (civic_route_pattern_any_text(&param.text)) {
            param.text.len = 0;
        }

    } else if (p == last || *p != '}') {
        goto invalid;
    }

    if (civic_route_pattern_add_param(pattern, &param) != NGX_OK) {
        return NULL;
    }

    return p + 1;

invalid:

    (void) civic_error_write(pattern->pool, pattern->err,
                             "the pattern \"%V\" has an invalid parameter at "
                             "\"%*s\": it is {name}, {name:expression} or "
                             "{name...}, with letters, digits, \"_\" and "
                             "\"-\" in the name, and a letter or \"_\" "
                             "first",
                             &pattern->text, (size_t) (last - open), open);
    return NULL;
}


ngx_uint_t
civic_route_pattern_same_name(const ngx_str_t *name, const ngx_str_t *other)
{
    size_t  i;
    u_char  a, b;

    if (name->len != other->len) {
        return 0;
    }

    for (i = 0; i < name->len; i++) {
        a = name->data[i] == '-' ? '_' : ngx_tolower(name->data[i]);
        b = other->data[i] == '-' ? '_' : ngx_tolower(other->data[i]);

        if (a != b) {
            return 0;
        }
    }

    return 1;
}


/* returns the brace that closes the constraint at p */

static u_char *
civic_route_pattern_constraint(civic_route_pattern_t *pattern, u_char *p,
    u_char *last)
{
    u_char      *next;
    ngx_uint_t   depth;
    const char  *reason;

    depth = 0;
    reason = "it has no closing brace";

    for ( /* void */ ; p < last; p = next) {

        if (*p == '}' && depth-- == 0) {
            return p;
        }

        if (*p == '{') {
            depth++;
        }

        next = civic_route_syntax_next(p, last, &reason);
        if (next == NULL) {
            break;
        }
    }

    (void) civic_error_write(pattern->pool, pattern->err,
                             "a constraint of the pattern \"%V\" does not "
                             "end: %s", &pattern->text, reason);
    return NULL;
}


static ngx_int_t
civic_route_pattern_add_param(civic_route_pattern_t *pattern,
    const civic_route_token_t *param)
{
    ngx_uint_t            i;
    civic_route_token_t  *token;

    for (i = 0; i < pattern->ntokens; i++) {
        token = &pattern->tokens[i];

        if (token->name.len != 0
            && civic_route_pattern_same_name(&token->name, &param->name))
        {
            return civic_error_write(pattern->pool, pattern->err,
                                     "the pattern \"%V\" has two parameters "
                                     "of the name \"%V\"",
                                     &pattern->text, &param->name);
        }
    }

    if (pattern->nparams == CIVIC_MAX_PARAMS) {
        return civic_error_write(pattern->pool, pattern->err,
                                 "the pattern \"%V\" has more than "
                                 "%d parameters", &pattern->text,
                                 CIVIC_MAX_PARAMS);
    }

    pattern->nparams++;
    pattern->tokens[pattern->ntokens++] = *param;

    return NGX_OK;
}


/* a tail, from p to end, is alone in its segment, which is the last one */

static ngx_int_t
civic_route_pattern_place(civic_route_pattern_t *pattern, u_char *begin,
    u_char *p, u_char *end, u_char *last)
{
    civic_route_token_t  *token;

    token = &pattern->tokens[pattern->ntokens - 1];

    if (!token->tail || (p == begin && end == last)) {
        return NGX_OK;
    }

    return civic_error_write(pattern->pool, pattern->err,
                             "\"{%V...}\" must follow a \"/\" and end "
                             "the pattern \"%V\"",
                             &token->name, &pattern->text);
}


static void
civic_route_pattern_add_literal(civic_route_pattern_t *pattern, u_char *p,
    u_char *last)
{
    civic_route_token_t  *token;

    if (p == last) {
        return;
    }

    token = &pattern->tokens[pattern->ntokens++];

    token->text.data = p;
    token->text.len = last - p;
}


static civic_route_piece_t *
civic_route_pattern_add_piece(civic_route_pattern_t *pattern,
    civic_route_piece_e type)
{
    civic_route_piece_t  *piece;

    piece = &pattern->pieces[pattern->npieces++];
    piece->type = type;

    return piece;
}


/* constraints that a parameter without one fulfils as well */

static ngx_uint_t
civic_route_pattern_any_text(const ngx_str_t *constraint)
{
    ngx_uint_t  i;

    static const ngx_str_t  any[] = {
        ngx_string(".+"),
        ngx_string(".*"),
        ngx_string("[^/]+"),
        ngx_string("[^/]*"),
        ngx_null_string
    };

    for (i = 0; any[i].len; i++) {
        if (constraint->len == any[i].len
            && ngx_strncmp(constraint->data, any[i].data, any[i].len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
civic_route_pattern_warn(civic_route_pattern_t *pattern)
{
    ngx_uint_t            i;
    const char           *reason;
    civic_route_piece_t  *piece;

    reason = NULL;

    for (i = 0; i < pattern->npieces && reason == NULL; i++) {
        piece = &pattern->pieces[i];

        if (piece->type == CIVIC_ROUTE_LITERAL) {
            reason = civic_route_pattern_never(&piece->text,
                                               i + 1 == pattern->npieces);
        }
    }

    for (i = 0; i < pattern->ntokens && reason == NULL; i++) {
        if (pattern->tokens[i].name.len == 0) {
            reason = civic_route_pattern_never(&pattern->tokens[i].text, 0);
        }
    }

    if (reason == NULL) {
        return NGX_OK;
    }

    (void) civic_error_write(pattern->pool, pattern->err,
                             "the pattern \"%V\" can never match: %s",
                             &pattern->text, reason);
    return NGX_DECLINED;
}


/*
 * What nginx normalises away, or the gate answers with 400.  A slash before
 * a parameter begins that parameter's segment; one that `ends` the pattern
 * is an empty segment that does occur.
 */

static const char *
civic_route_pattern_never(const ngx_str_t *literal, ngx_uint_t ends)
{
    u_char  *p, *last, *next;

    last = literal->data + literal->len;

    for (p = literal->data; p < last; p++) {

        if (*p < 0x20 || *p == 0x7f || *p == '\\') {
            return "a path with a control byte or \"\\\" is refused";
        }

        if (*p != '/') {
            continue;
        }

        for (next = p + 1; next < last && *next == '.'; next++) { /* void */ }

        /* before a parameter these dots would have been its segment's */

        if (next == last ? !ends : *next != '/') {
            continue;
        }

        if (next - p == 1 && next < last) {
            return "nginx merges \"//\" in a path";
        }

        if (next - p == 2 || next - p == 3) {
            return "nginx resolves \"/./\" and \"/../\" in a path";
        }
    }

    return NULL;
}
