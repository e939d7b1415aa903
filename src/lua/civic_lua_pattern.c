
/*
 * Copyright (C) Civic Gate
 *
 * Lua's patterns (manual of 5.1, section 5.4.1).  LuaJIT's own matcher is
 * one call in C, and a pattern such as ".-.-.-.-x" keeps it busy for hours,
 * which no hook can end.  This one backtracks as well, but pays for each
 * step like for an instruction, and dies with the run.
 *
 *     item:    single  single*  single+  single-  single?
 *              (...)  ()  %1  %b()  %f[set]  $ at the end
 *     single:  .  x  %x  [set]
 */


#include <ngx_config.h>
#include <ctype.h>

#include "civic_lua_budget.h"
#include "civic_lua_pattern.h"


#define CIVIC_LUA_PATTERN_DEEP  200
#define CIVIC_LUA_PATTERN_PAY   256    /* steps paid for at once, */
#define CIVIC_LUA_PATTERN_STEPS  4     /* as many as an instruction is long */


static const u_char *civic_lua_pattern_item(civic_lua_pattern_t *m,
    const u_char *s, const u_char *p);
static const u_char *civic_lua_pattern_escape(civic_lua_pattern_t *m,
    const u_char *s, const u_char *p);
static const u_char *civic_lua_pattern_repeat(civic_lua_pattern_t *m,
    const u_char *s, const u_char *p, const u_char *next);
static const u_char *civic_lua_pattern_most(civic_lua_pattern_t *m,
    const u_char *s, const u_char *p, const u_char *next);
static const u_char *civic_lua_pattern_least(civic_lua_pattern_t *m,
    const u_char *s, const u_char *p, const u_char *next);
static const u_char *civic_lua_pattern_open(civic_lua_pattern_t *m,
    const u_char *s, const u_char *p);
static const u_char *civic_lua_pattern_close(civic_lua_pattern_t *m,
    const u_char *s, const u_char *p);
static const u_char *civic_lua_pattern_balance(civic_lua_pattern_t *m,
    const u_char *s, const u_char *p);
static const u_char *civic_lua_pattern_frontier(civic_lua_pattern_t *m,
    const u_char *s, const u_char *p);
static const u_char *civic_lua_pattern_again(civic_lua_pattern_t *m,
    const u_char *s, u_char digit);
static const u_char *civic_lua_pattern_next(civic_lua_pattern_t *m,
    const u_char *p);
static ngx_uint_t civic_lua_pattern_single(civic_lua_pattern_t *m,
    const u_char *s, const u_char *p, const u_char *next);
static ngx_uint_t civic_lua_pattern_set(u_char c, const u_char *p,
    const u_char *last);
static ngx_uint_t civic_lua_pattern_class(u_char c, u_char class);


static ngx_inline void
civic_lua_pattern_pay(civic_lua_pattern_t *m)
{
    if (++m->work == CIVIC_LUA_PATTERN_PAY) {
        m->work = 0;
        civic_lua_budget_pay(m->L, CIVIC_LUA_PATTERN_PAY
                                   / CIVIC_LUA_PATTERN_STEPS);
    }
}


const u_char *
civic_lua_pattern_match(civic_lua_pattern_t *m, const u_char *s,
    const u_char *p)
{
    const u_char  *end;

    if (++m->depth > CIVIC_LUA_PATTERN_DEEP) {
        (void) luaL_error(m->L, "pattern too complex");
    }

    end = civic_lua_pattern_item(m, s, p);

    m->depth--;

    return end;
}


/* items that match in one way only are a loop, others call back */

static const u_char *
civic_lua_pattern_item(civic_lua_pattern_t *m, const u_char *s,
    const u_char *p)
{
    const u_char  *next;

    while (p < m->end) {

        civic_lua_pattern_pay(m);

        if (*p == '(') {
            return civic_lua_pattern_open(m, s, p + 1);
        }

        if (*p == ')') {
            return civic_lua_pattern_close(m, s, p + 1);
        }

        if (*p == '$' && p + 1 == m->end) {
            return s == m->last ? s : NULL;
        }

        if (*p == '%' && p + 1 < m->end
            && (p[1] == 'b' || p[1] == 'f' || isdigit(p[1])))
        {
            s = civic_lua_pattern_escape(m, s, p + 1);
            p = p[1] == 'b' ? p + 4 : p[1] == 'f'
                ? civic_lua_pattern_next(m, p + 2) : p + 2;

        } else {
            next = civic_lua_pattern_next(m, p);

            if (next < m->end && *next && strchr("*+-?", *next)) {
                return civic_lua_pattern_repeat(m, s, p, next);
            }

            s = civic_lua_pattern_single(m, s, p, next) ? s + 1 : NULL;
            p = next;
        }

        if (s == NULL) {
            return NULL;
        }
    }

    return s;
}


static const u_char *
civic_lua_pattern_escape(civic_lua_pattern_t *m, const u_char *s,
    const u_char *p)
{
    switch (*p) {

    case 'b':
        return civic_lua_pattern_balance(m, s, p + 1);

    case 'f':
        return civic_lua_pattern_frontier(m, s, p + 1);

    default:
        return civic_lua_pattern_again(m, s, *p);
    }
}


static const u_char *
civic_lua_pattern_repeat(civic_lua_pattern_t *m, const u_char *s,
    const u_char *p, const u_char *next)
{
    const u_char  *end;

    switch (*next) {

    case '*':
        return civic_lua_pattern_most(m, s, p, next);

    case '+':
        return civic_lua_pattern_single(m, s, p, next)
               ? civic_lua_pattern_most(m, s + 1, p, next) : NULL;

    case '-':
        return civic_lua_pattern_least(m, s, p, next);

    default:
        if (civic_lua_pattern_single(m, s, p, next)) {
            end = civic_lua_pattern_match(m, s + 1, next + 1);

            if (end) {
                return end;
            }
        }

        return civic_lua_pattern_match(m, s, next + 1);
    }
}


static const u_char *
civic_lua_pattern_most(civic_lua_pattern_t *m, const u_char *s,
    const u_char *p, const u_char *next)
{
    const u_char  *at, *end;

    at = s;

    while (civic_lua_pattern_single(m, at, p, next)) {
        civic_lua_pattern_pay(m);
        at++;
    }

    for ( /* void */ ; at >= s; at--) {
        end = civic_lua_pattern_match(m, at, next + 1);

        if (end) {
            return end;
        }
    }

    return NULL;
}


static const u_char *
civic_lua_pattern_least(civic_lua_pattern_t *m, const u_char *s,
    const u_char *p, const u_char *next)
{
    const u_char  *end;

    for ( ;; ) {
        end = civic_lua_pattern_match(m, s, next + 1);

        if (end || !civic_lua_pattern_single(m, s, p, next)) {
            return end;
        }

        civic_lua_pattern_pay(m);
        s++;
    }
}


static const u_char *
civic_lua_pattern_open(civic_lua_pattern_t *m, const u_char *s,
    const u_char *p)
{
    const u_char         *end;
    civic_lua_capture_t  *capture;

    if (m->n == CIVIC_LUA_PATTERN_CAPTURES) {
        (void) luaL_error(m->L, "too many captures");
    }

    capture = &m->captures[m->n++];
    capture->start = s;
    capture->len = CIVIC_LUA_PATTERN_OPEN;

    if (p < m->end && *p == ')') {
        capture->len = CIVIC_LUA_PATTERN_POSITION;
        p++;
    }

    end = civic_lua_pattern_match(m, s, p);

    if (end == NULL) {
        m->n--;
    }

    return end;
}


static const u_char *
civic_lua_pattern_close(civic_lua_pattern_t *m, const u_char *s,
    const u_char *p)
{
    ngx_uint_t            i;
    const u_char         *end;
    civic_lua_capture_t  *capture;

    for (i = m->n; i > 0; i--) {
        if (m->captures[i - 1].len == CIVIC_LUA_PATTERN_OPEN) {
            break;
        }
    }

    if (i == 0) {
        (void) luaL_error(m->L, "invalid pattern capture");
    }

    capture = &m->captures[i - 1];
    capture->len = s - capture->start;

    end = civic_lua_pattern_match(m, s, p);

    if (end == NULL) {
        capture->len = CIVIC_LUA_PATTERN_OPEN;
    }

    return end;
}


static const u_char *
civic_lua_pattern_balance(civic_lua_pattern_t *m, const u_char *s,
    const u_char *p)
{
    ngx_uint_t  open;

    if (m->end - p < 2) {
        (void) luaL_error(m->L, "unbalanced pattern");
    }

    if (s == m->last || *s != p[0]) {
        return NULL;
    }

    open = 1;

    while (++s < m->last) {
        civic_lua_pattern_pay(m);

        if (*s == p[1]) {
            if (--open == 0) {
                return s + 1;
            }

        } else if (*s == p[0]) {
            open++;
        }
    }

    return NULL;
}


static const u_char *
civic_lua_pattern_frontier(civic_lua_pattern_t *m, const u_char *s,
    const u_char *p)
{
    u_char         before, here;
    const u_char  *next;

    if (p == m->end || *p != '[') {
        (void) luaL_error(m->L, "missing '[' after '%%f' in pattern");
    }

    next = civic_lua_pattern_next(m, p);
    before = s == m->text ? '\0' : s[-1];
    here = s == m->last ? '\0' : *s;

    return !civic_lua_pattern_set(before, p, next - 1)
           && civic_lua_pattern_set(here, p, next - 1) ? s : NULL;
}


/* what a capture holds, once more */

static const u_char *
civic_lua_pattern_again(civic_lua_pattern_t *m, const u_char *s, u_char digit)
{
    size_t                len;
    ngx_uint_t            i;
    civic_lua_capture_t  *capture;

    i = digit - '1';

    if (digit == '0' || i >= m->n
        || m->captures[i].len == CIVIC_LUA_PATTERN_OPEN)
    {
        (void) luaL_error(m->L, "invalid capture index");
    }

    capture = &m->captures[i];
    len = capture->len;

    if (len == CIVIC_LUA_PATTERN_POSITION || len > (size_t) (m->last - s)) {
        return NULL;
    }

    civic_lua_budget_pay(m->L, 1 + len / 16);

    return ngx_memcmp(capture->start, s, len) == 0 ? s + len : NULL;
}


/* behind the single character, class or set at p */

static const u_char *
civic_lua_pattern_next(civic_lua_pattern_t *m, const u_char *p)
{
    if (*p == '%') {
        if (p + 1 == m->end) {
            (void) luaL_error(m->L, "malformed pattern (ends with '%%')");
        }

        return p + 2;
    }

    if (*p != '[') {
        return p + 1;
    }

    p++;

    if (p < m->end && *p == '^') {
        p++;
    }

    /* a "]" that comes first is one of the set */

    do {
        if (p == m->end) {
            break;
        }

        p += *p == '%' && p + 1 < m->end ? 2 : 1;
        civic_lua_pattern_pay(m);

    } while (p < m->end && *p != ']');

    if (p >= m->end) {
        (void) luaL_error(m->L, "malformed pattern (missing ']')");
    }

    return p + 1;
}


static ngx_uint_t
civic_lua_pattern_single(civic_lua_pattern_t *m, const u_char *s,
    const u_char *p, const u_char *next)
{
    if (s == m->last) {
        return 0;
    }

    switch (*p) {

    case '.':
        return 1;

    case '%':
        return civic_lua_pattern_class(*s, p[1]);

    case '[':
        m->work += ngx_min((ngx_uint_t) (next - p) / 8,
                           CIVIC_LUA_PATTERN_PAY - 1 - m->work);
        return civic_lua_pattern_set(*s, p, next - 1);

    default:
        return *p == *s;
    }
}


/* p is at "[", last at its "]" */

static ngx_uint_t
civic_lua_pattern_set(u_char c, const u_char *p, const u_char *last)
{
    ngx_uint_t  found;

    found = 1;
    p++;

    if (*p == '^') {
        found = 0;
        p++;
    }

    while (p < last) {

        if (*p == '%') {
            if (civic_lua_pattern_class(c, p[1])) {
                return found;
            }

            p += 2;

        } else if (p + 2 < last && p[1] == '-') {
            if (p[0] <= c && c <= p[2]) {
                return found;
            }

            p += 3;

        } else {
            if (*p == c) {
                return found;
            }

            p++;
        }
    }

    return !found;
}


static ngx_uint_t
civic_lua_pattern_class(u_char c, u_char class)
{
    ngx_uint_t  is;

    switch (class | 0x20) {

    case 'a':
        is = isalpha(c) != 0;
        break;

    case 'c':
        is = iscntrl(c) != 0;
        break;

    case 'd':
        is = isdigit(c) != 0;
        break;

    case 'g':
        is = isgraph(c) != 0;
        break;

    case 'l':
        is = islower(c) != 0;
        break;

    case 'p':
        is = ispunct(c) != 0;
        break;

    case 's':
        is = isspace(c) != 0;
        break;

    case 'u':
        is = isupper(c) != 0;
        break;

    case 'w':
        is = isalnum(c) != 0;
        break;

    case 'x':
        is = isxdigit(c) != 0;
        break;

    case 'z':
        is = c == '\0';
        break;

    default:
        return class == c;
    }

    return isupper(class) ? !is : is;
}
