
/*
 * Copyright (C) Civic Gate
 *
 * Expressions of many routes, and of many parameters, end up in one PCRE2
 * pattern.  What this file refuses is whatever could reach beyond its own
 * part of it: quotes left open, the extended mode (its comments swallow the
 * closing parenthesis), verbs, recursion, conditions, callouts, references
 * by number.  It need not know whether an expression is valid: PCRE2
 * compiles each one alone first.
 *
 * Where PCRE2's own lexer has corners (\E or \Q inside a class, a \E that
 * ends nothing), the corner is refused, so that both always see the same
 * items.
 */


#include "civic_route_syntax.h"


static u_char *civic_route_syntax_escape(u_char *p, u_char *last,
    const char **reason);
static u_char *civic_route_syntax_class(u_char *p, u_char *last,
    const char **reason);
static u_char *civic_route_syntax_posix(u_char *p, u_char *last);
static const char *civic_route_syntax_check_escape(u_char *p, u_char *last);
static const char *civic_route_syntax_check_group(u_char *p, u_char *last);
static const char *civic_route_syntax_check_options(u_char *p, u_char *last);


u_char *
civic_route_syntax_next(u_char *p, u_char *last, const char **reason)
{
    if (*p == '\\') {
        return civic_route_syntax_escape(p, last, reason);
    }

    if (*p == '[') {
        return civic_route_syntax_class(p, last, reason);
    }

    if (last - p > 2 && ngx_strncmp(p, "(?#", 3) == 0) {

        p = ngx_strlchr(p, last, ')');
        if (p == NULL) {
            *reason = "a comment is not closed";
            return NULL;
        }
    }

    return p + 1;
}


static u_char *
civic_route_syntax_escape(u_char *p, u_char *last, const char **reason)
{
    if (last - p < 2 || (p[1] == 'c' && last - p < 3)) {
        *reason = "it ends with an unfinished \"\\\"";
        return NULL;
    }

    if (p[1] == 'c') {
        return p + 3;
    }

    if (p[1] != 'Q') {
        return p + 2;
    }

    for (p += 2; last - p > 1; p++) {
        if (p[0] == '\\' && p[1] == 'E') {
            return p + 2;
        }
    }

    *reason = "\"\\Q\" has no \"\\E\"";

    return NULL;
}


static u_char *
civic_route_syntax_class(u_char *p, u_char *last, const char **reason)
{
    u_char  *end;

    p++;

    if (p < last && *p == '^') {
        p++;
    }

    if (p < last && *p == ']') {
        p++;
    }

    while (p < last) {

        if (*p == ']') {
            return p + 1;
        }

        if (*p == '[') {
            end = civic_route_syntax_posix(p, last);
            p = end ? end : p + 1;
            continue;
        }

        if (*p != '\\') {
            p++;
            continue;
        }

        if (last - p > 1 && (p[1] == 'Q' || p[1] == 'E')) {
            *reason = "\"\\Q\" and \"\\E\" are not supported in a class";
            return NULL;
        }

        p = civic_route_syntax_escape(p, last, reason);
        if (p == NULL) {
            return NULL;
        }
    }

    *reason = "a character class is not closed";

    return NULL;
}


/* the end of "[:name:]", "[.name.]" or "[=name=]", as PCRE2 finds it */

static u_char *
civic_route_syntax_posix(u_char *p, u_char *last)
{
    u_char  terminator;

    if (last - p < 2 || (p[1] != ':' && p[1] != '.' && p[1] != '=')) {
        return NULL;
    }

    terminator = p[1];

    for (p += 2; last - p > 1; p++) {

        if (*p == '\\' && (p[1] == ']' || p[1] == '\\')) {
            p++;

        } else if ((*p == '[' && p[1] == terminator) || *p == ']') {
            return NULL;

        } else if (*p == terminator && p[1] == ']') {
            return p + 2;
        }
    }

    return NULL;
}


const char *
civic_route_syntax_check(const ngx_str_t *re)
{
    u_char      *p, *last, *next;
    const char  *reason;

    last = re->data + re->len;

    for (p = re->data; p < last; p = next) {

        reason = NULL;

        next = civic_route_syntax_next(p, last, &reason);
        if (next == NULL) {
            return reason;
        }

        if (*p == '\\') {
            reason = civic_route_syntax_check_escape(p + 1, last);

        } else if (*p == '(' && next == p + 1) {
            reason = civic_route_syntax_check_group(p + 1, last);
        }

        if (reason) {
            return reason;
        }
    }

    return NULL;
}


static const char *
civic_route_syntax_check_escape(u_char *p, u_char *last)
{
    static const char  *number = "references by number are not supported: "
                                 "name the group, and use \"\\k<name>\"";

    if (*p >= '1' && *p <= '9') {
        return number;
    }

    if (*p == 'E') {
        return "\"\\E\" has no \"\\Q\"";
    }

    if (*p != 'g' || ++p == last) {
        return NULL;
    }

    if (*p == '<' || *p == '\'') {
        return "calls of groups are not supported";
    }

    if (*p == '{') {
        p++;
    }

    while (p < last && (*p == ' ' || *p == '\t')) {
        p++;
    }

    if (p < last && (*p == '+' || *p == '-' || (*p >= '0' && *p <= '9'))) {
        return number;
    }

    return NULL;
}


static const char *
civic_route_syntax_check_group(u_char *p, u_char *last)
{
    if (p == last) {
        return NULL;
    }

    if (*p == '*') {
        return "verbs, \"(*...)\", are not supported";
    }

    if (*p != '?' || ++p == last) {
        return NULL;
    }

    switch (*p) {

    case '|':
        return "groups that share numbers, \"(?|...)\", are not supported";

    case '(':
        return "conditions, \"(?(...)...)\", are not supported";

    case '[':
        return "extended classes, \"(?[...])\", are not supported";

    case 'C':
        return "callouts, \"(?C...)\", are not supported";

    case 'P':
        if (last - p > 1 && p[1] == '>') {
            return "calls of groups are not supported";
        }

        return NULL;

    case '&':
    case 'R':
        return "recursion and calls of groups are not supported";

    default:
        return civic_route_syntax_check_options(p, last);
    }
}


/* "(?i)", "(?i-s:...)", or a number after an optional sign */

static const char *
civic_route_syntax_check_options(u_char *p, u_char *last)
{
    if (last - p > 1 && (*p == '+' || *p == '-')
        && p[1] >= '0' && p[1] <= '9')
    {
        p++;
    }

    if (*p >= '0' && *p <= '9') {
        return "recursion and calls of groups are not supported";
    }

    for ( /* void */ ;
         p < last && (*p == '^' || *p == '-'
                      || (*p >= 'a' && *p <= 'z')
                      || (*p >= 'A' && *p <= 'Z'));
         p++)
    {
        if (*p == 'x') {
            return "the extended mode, \"(?x)\", is not supported";
        }

        if (*p == 'J') {
            return "several groups of one name, \"(?J)\", "
                   "are not supported";
        }
    }

    return NULL;
}


u_char *
civic_route_syntax_named_group(u_char *p, u_char *last)
{
    u_char  end;

    if (last - p < 4 || p[0] != '(' || p[1] != '?') {
        return NULL;
    }

    p += 2;

    if (*p == 'P') {
        p++;
    }

    if (*p != '<' && *p != '\'') {
        return NULL;
    }

    end = (*p == '<') ? '>' : '\'';
    p++;

    /* a lookbehind */

    if (p < last && (*p == '=' || *p == '!' || *p == '*')) {
        return NULL;
    }

    p = ngx_strlchr(p, last, end);

    return p ? p + 1 : NULL;
}


u_char *
civic_route_syntax_quote(u_char *dst, const ngx_str_t *text)
{
    u_char      c;
    ngx_uint_t  i;

    for (i = 0; i < text->len; i++) {
        c = text->data[i];

        /* only what PCRE2 cannot take for a special escape is escaped */

        if (c > ' ' && c < 0x7f
            && !(c >= '0' && c <= '9')
            && !(c >= 'a' && c <= 'z')
            && !(c >= 'A' && c <= 'Z')
            && c != '_')
        {
            *dst++ = '\\';
        }

        *dst++ = c;
    }

    return dst;
}
