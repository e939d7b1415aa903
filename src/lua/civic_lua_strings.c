
/*
 * Copyright (C) Civic Gate
 *
 * string.find, match, gmatch and gsub as the manual has them, over patterns
 * that are matched within the budget.  What is nothing special is searched
 * for as it stands.
 */


#include <ngx_config.h>

#include "civic_lua_budget.h"
#include "civic_lua_pattern.h"
#include "civic_lua_sandbox.h"


static int civic_lua_strings_find(lua_State *L);
static int civic_lua_strings_match(lua_State *L);
static int civic_lua_strings_gmatch(lua_State *L);
static int civic_lua_strings_gsub(lua_State *L);
static int civic_lua_strings_search(lua_State *L, ngx_uint_t find);
static int civic_lua_strings_plain(lua_State *L, const u_char *text,
    size_t start);
static int civic_lua_strings_following(lua_State *L);
static const u_char *civic_lua_strings_init(civic_lua_pattern_t *m,
    lua_State *L, int text, int pattern);
static int civic_lua_strings_push(civic_lua_pattern_t *m, const u_char *s,
    const u_char *end, ngx_uint_t whole);
static void civic_lua_strings_push_capture(civic_lua_pattern_t *m,
    ngx_uint_t i, const u_char *s, const u_char *end);
static void civic_lua_strings_replace(civic_lua_pattern_t *m, luaL_Buffer *b,
    const u_char *s, const u_char *end);
static void civic_lua_strings_template(civic_lua_pattern_t *m,
    luaL_Buffer *b, const u_char *s, const u_char *end);


const luaL_Reg  civic_lua_strings_functions[] = {
    { "find", civic_lua_strings_find },
    { "match", civic_lua_strings_match },
    { "gmatch", civic_lua_strings_gmatch },
    { "gsub", civic_lua_strings_gsub },
    { NULL, NULL }
};


static int
civic_lua_strings_find(lua_State *L)
{
    return civic_lua_strings_search(L, 1);
}


static int
civic_lua_strings_match(lua_State *L)
{
    return civic_lua_strings_search(L, 0);
}


static int
civic_lua_strings_search(lua_State *L, ngx_uint_t find)
{
    size_t                start, len;
    ngx_uint_t            anchored;
    lua_Integer           init;
    const u_char         *s, *p, *end;
    civic_lua_pattern_t   m;

    p = civic_lua_strings_init(&m, L, 1, 2);
    len = m.last - m.text;
    init = luaL_optinteger(L, 3, 1);

    if (init < 0) {
        init += (lua_Integer) len + 1;
    }

    start = init > 1 ? ngx_min((size_t) init - 1, len) : 0;

    if (find && (lua_toboolean(L, 4)
                 || strcspn((char *) p, "^$*+?.([%-") == (size_t) (m.end - p)))
    {
        return civic_lua_strings_plain(L, m.text, start);
    }

    anchored = (p < m.end && *p == '^');
    p += anchored;
    s = m.text + start;

    do {
        m.n = 0;
        end = civic_lua_pattern_match(&m, s, p);

        if (end) {
            if (!find) {
                return civic_lua_strings_push(&m, s, end, 1);
            }

            lua_pushinteger(L, s - m.text + 1);
            lua_pushinteger(L, end - m.text);

            return 2 + civic_lua_strings_push(&m, s, end, 0);
        }
    } while (s++ < m.last && !anchored);

    lua_pushnil(L);

    return 1;
}


static int
civic_lua_strings_plain(lua_State *L, const u_char *text, size_t start)
{
    size_t       len, n;
    const char  *found, *what;

    (void) lua_tolstring(L, 1, &len);
    what = lua_tolstring(L, 2, &n);
    found = memmem(text + start, len - start, what, n);

    if (found == NULL) {
        lua_pushnil(L);
        return 1;
    }

    lua_pushinteger(L, found - (char *) text + 1);
    lua_pushinteger(L, found - (char *) text + n);

    return 2;
}


static int
civic_lua_strings_gmatch(lua_State *L)
{
    (void) luaL_checkstring(L, 1);
    (void) luaL_checkstring(L, 2);
    lua_settop(L, 2);
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, civic_lua_strings_following, 3);
    civic_lua_budget_meter(L);

    return 1;
}


static int
civic_lua_strings_following(lua_State *L)
{
    const u_char         *s, *p, *end;
    civic_lua_pattern_t   m;

    p = civic_lua_strings_init(&m, L, lua_upvalueindex(1),
                               lua_upvalueindex(2));

    s = m.text + lua_tointeger(L, lua_upvalueindex(3));

    for ( /* void */ ; s <= m.last; s++) {
        m.n = 0;
        end = civic_lua_pattern_match(&m, s, p);

        if (end) {
            lua_pushinteger(L, end - m.text + (end == s));
            lua_replace(L, lua_upvalueindex(3));

            return civic_lua_strings_push(&m, s, end, 1);
        }
    }

    return 0;
}


static int
civic_lua_strings_gsub(lua_State *L)
{
    int                   n, most;
    luaL_Buffer           b;
    ngx_uint_t            anchored;
    const u_char         *s, *p, *end;
    civic_lua_pattern_t   m;

    p = civic_lua_strings_init(&m, L, 1, 2);

    switch (lua_type(L, 3)) {

    case LUA_TSTRING:
    case LUA_TNUMBER:
    case LUA_TTABLE:
    case LUA_TFUNCTION:
        break;

    default:
        return luaL_argerror(L, 3, "string/function/table expected");
    }

    most = luaL_optint(L, 4, m.last - m.text + 1);
    anchored = (p < m.end && *p == '^');
    p += anchored;
    s = m.text;
    n = 0;

    luaL_buffinit(L, &b);

    while (n < most) {
        m.n = 0;
        end = civic_lua_pattern_match(&m, s, p);

        if (end) {
            n++;
            civic_lua_strings_replace(&m, &b, s, end);
        }

        if (end && end > s) {
            s = end;

        } else if (s < m.last) {
            luaL_addchar(&b, *s);
            s++;

        } else {
            break;
        }

        if (anchored) {
            break;
        }
    }

    luaL_addlstring(&b, (const char *) s, m.last - s);
    luaL_pushresult(&b);
    lua_pushinteger(L, n);

    return 2;
}


/* gives where the pattern begins */

static const u_char *
civic_lua_strings_init(civic_lua_pattern_t *m, lua_State *L, int text,
    int pattern)
{
    size_t         len;
    const u_char  *p;

    m->L = L;
    m->text = (const u_char *) luaL_checklstring(L, text, &len);
    m->last = m->text + len;
    p = (const u_char *) luaL_checklstring(L, pattern, &len);
    m->end = p + len;
    m->depth = 0;
    m->work = 0;
    m->n = 0;

    return p;
}


/* all captures; where there are none and `whole`, all that matched */

static int
civic_lua_strings_push(civic_lua_pattern_t *m, const u_char *s,
    const u_char *end, ngx_uint_t whole)
{
    ngx_uint_t  i, n;

    n = m->n == 0 && whole ? 1 : m->n;
    luaL_checkstack(m->L, n, "too many captures");

    for (i = 0; i < n; i++) {
        civic_lua_strings_push_capture(m, i, s, end);
    }

    return n;
}


static void
civic_lua_strings_push_capture(civic_lua_pattern_t *m, ngx_uint_t i,
    const u_char *s, const u_char *end)
{
    civic_lua_capture_t  *capture;

    if (i == 0 && m->n == 0) {
        lua_pushlstring(m->L, (const char *) s, end - s);
        return;
    }

    if (i >= m->n) {
        (void) luaL_error(m->L, "invalid capture index");
    }

    capture = &m->captures[i];

    if (capture->len == CIVIC_LUA_PATTERN_OPEN) {
        (void) luaL_error(m->L, "unfinished capture");
    }

    if (capture->len == CIVIC_LUA_PATTERN_POSITION) {
        lua_pushinteger(m->L, capture->start - m->text + 1);
        return;
    }

    lua_pushlstring(m->L, (const char *) capture->start, capture->len);
}


static void
civic_lua_strings_replace(civic_lua_pattern_t *m, luaL_Buffer *b,
    const u_char *s, const u_char *end)
{
    lua_State  *L;

    L = m->L;

    switch (lua_type(L, 3)) {

    case LUA_TTABLE:
        civic_lua_strings_push_capture(m, 0, s, end);
        lua_gettable(L, 3);
        break;

    case LUA_TFUNCTION:
        lua_pushvalue(L, 3);
        lua_call(L, civic_lua_strings_push(m, s, end, 1), 1);
        break;

    default:
        civic_lua_strings_template(m, b, s, end);
        return;
    }

    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        lua_pushlstring(L, (const char *) s, end - s);

    } else if (!lua_isstring(L, -1)) {
        (void) luaL_error(L, "invalid replacement value (a %s)",
                          luaL_typename(L, -1));
    }

    luaL_addvalue(b);
}


/* "%0" is all that matched, "%1" ... "%9" are captures */

static void
civic_lua_strings_template(civic_lua_pattern_t *m, luaL_Buffer *b,
    const u_char *s, const u_char *end)
{
    size_t       i, len;
    const char  *text;

    text = lua_tolstring(m->L, 3, &len);

    for (i = 0; i < len; i++) {

        if (text[i] != '%') {
            luaL_addchar(b, text[i]);
            continue;
        }

        i++;

        if (i == len || text[i] < '0' || text[i] > '9') {
            luaL_addchar(b, i == len ? '\0' : text[i]);

        } else if (text[i] == '0') {
            luaL_addlstring(b, (const char *) s, end - s);

        } else {
            civic_lua_strings_push_capture(m, text[i] - '1', s, end);
            luaL_addvalue(b);
        }
    }
}
