
/*
 * Copyright (C) Civic Gate
 *
 * Where code comes from: the plugin's folder while it is loaded, and the
 * modules in lua/civic/, which are part of the .so.  Nothing is read from
 * disk later, because that could wait.
 *
 * Names are checked, and files opened one folder after the other without
 * following links, so that no name leads out of the folder.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "civic_lua_object.h"
#include "civic_lua_sandbox.h"


static ngx_uint_t civic_lua_require_loaded(lua_State *L, civic_lua_vm_t *vm);
static void civic_lua_require_name(lua_State *L, const char *name,
    size_t len);
static int civic_lua_require_open(const char *folder, const char *path);
static void civic_lua_require_compile(lua_State *L, civic_lua_vm_t *vm,
    const char *text, size_t len, const char *chunk);
static void civic_lua_require_close(void *data);


/* what CIVIC_LUA_LOADED holds while a module is being loaded: itself */

int
civic_lua_require(lua_State *L)
{
    size_t           len;
    const char      *name;
    civic_lua_vm_t  *vm;

    vm = civic_lua_vm_of(L);

    name = luaL_checklstring(L, 1, &len);
    lua_settop(L, 1);

    if (civic_lua_require_loaded(L, vm)) {
        return 1;
    }

    civic_lua_require_name(L, name, len);

    if (strncmp(name, "civic.", 6) == 0) {
        if (strcmp(name, "civic.base") == 0
            || !civic_lua_require_builtin(L, vm, name, len))
        {
            return civic_lua_sandbox_error(L, "there is no module \"%s\"",
                                           name);
        }

        return 1;
    }

    if (vm->loaded) {
        return civic_lua_sandbox_error(L, "module \"%s\" must be required"
                                       " at the top of a file", name);
    }

    civic_lua_vm_push(L, vm, CIVIC_LUA_LOADED);
    lua_pushvalue(L, 1);
    lua_pushvalue(L, -2);
    lua_rawset(L, -3);

    civic_lua_require_file(L, vm, lua_pushfstring(L, "lib/%s.lua", name));

    lua_pushvalue(L, 1);
    lua_call(L, 1, 1);

    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_pushboolean(L, 1);
    }

    civic_lua_vm_push(L, vm, CIVIC_LUA_LOADED);
    lua_pushvalue(L, 1);
    lua_pushvalue(L, -3);
    lua_rawset(L, -3);
    lua_pop(L, 1);

    return 1;
}


static ngx_uint_t
civic_lua_require_loaded(lua_State *L, civic_lua_vm_t *vm)
{
    civic_lua_vm_push(L, vm, CIVIC_LUA_LOADED);
    lua_pushvalue(L, 1);
    lua_rawget(L, -2);

    if (lua_rawequal(L, -1, -2)) {
        (void) civic_lua_sandbox_error(L, "module \"%s\" requires itself",
                                       lua_tostring(L, 1));
    }

    return !lua_isnil(L, -1);
}


static void
civic_lua_require_name(lua_State *L, const char *name, size_t len)
{
    size_t  i;

    for (i = 0; i < len; i++) {
        if ((name[i] >= 'a' && name[i] <= 'z')
            || (name[i] >= 'A' && name[i] <= 'Z')
            || (name[i] >= '0' && name[i] <= '9')
            || name[i] == '_' || name[i] == '-'
            || (name[i] == '.' && i && name[i - 1] != '.'))
        {
            continue;
        }

        break;
    }

    if (len == 0 || len > 64 || i < len) {
        (void) civic_lua_sandbox_error(L, "\"%s\" is no name of a module",
                                       name);
    }
}


ngx_uint_t
civic_lua_require_builtin(lua_State *L, civic_lua_vm_t *vm, const char *name,
    size_t len)
{
    ngx_str_t                  key;
    const civic_lua_source_t  *source;

    key.data = (u_char *) name;
    key.len = len;

    source = civic_lua_module(&key);
    if (source == NULL) {
        return 0;
    }

    civic_lua_vm_push(L, vm, CIVIC_LUA_LOADED);
    lua_getfield(L, -1, name);

    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);

        civic_lua_require_compile(L, vm, (char *) source->text.data,
                                  source->text.len,
                                  lua_pushfstring(L, "=%s", name));
        lua_remove(L, -2);

        lua_pushlstring(L, name, len);
        civic_lua_vm_push(L, vm, CIVIC_LUA_NATIVE);
        lua_call(L, 2, 1);

        if (lua_type(L, -1) == LUA_TTABLE) {
            civic_lua_object_readonly(L);
        }

        lua_pushvalue(L, -1);
        lua_setfield(L, -3, name);
    }

    lua_remove(L, -2);

    return 1;
}


void
civic_lua_require_file(lua_State *L, civic_lua_vm_t *vm, const char *path)
{
    int                  fd;
    u_char              *text;
    ssize_t              n;
    struct stat          st;
    civic_lua_object_t  *guard;

    guard = civic_lua_object_guard(L, vm);
    guard->release = civic_lua_require_close;

    fd = civic_lua_require_open((char *) vm->folder.data, path);

    if (fd == -1) {
        (void) civic_lua_sandbox_error(L, "\"%s\" cannot be read (%d: %s)",
                                       path, (int) errno, strerror(errno));
    }

    guard->data = (void *) (intptr_t) (fd + 1);

    if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)
        || st.st_size > CIVIC_LUA_MAX_FILE)
    {
        (void) civic_lua_sandbox_error(L, "\"%s\" is no file, or larger than"
                                       " %d bytes", path, CIVIC_LUA_MAX_FILE);
    }

    text = civic_lua_object_buffer(L, st.st_size);

    n = read(fd, text, st.st_size);
    civic_lua_object_release(guard);

    if (n != (ssize_t) st.st_size) {
        (void) civic_lua_sandbox_error(L, "\"%s\" changed while it was read",
                                       path);
    }

    civic_lua_require_compile(L, vm, (char *) text, n,
                              lua_pushfstring(L, "@%s", path));

    /* guard, text, name of the chunk, function */

    lua_insert(L, -4);
    lua_pop(L, 3);
}


/* one step after the other: O_NOFOLLOW guards only the last of a path */

static int
civic_lua_require_open(const char *folder, const char *path)
{
    int          fd, parent;
    char         step[80];
    size_t       len;
    const char  *slash;

    parent = open(folder, O_RDONLY|O_DIRECTORY|O_CLOEXEC);

    while (parent != -1) {
        slash = strchr(path, '/');
        len = slash ? (size_t) (slash - path) : strlen(path);

        if (len >= sizeof(step)) {
            (void) close(parent);
            errno = ENAMETOOLONG;
            return -1;
        }

        ngx_memcpy(step, path, len);
        step[len] = '\0';

        fd = openat(parent, step, O_RDONLY|O_NOFOLLOW|O_NONBLOCK|O_CLOEXEC
                                  |(slash ? O_DIRECTORY : 0));
        (void) close(parent);

        if (slash == NULL) {
            return fd;
        }

        parent = fd;
        path = slash + 1;
    }

    return -1;
}


static void
civic_lua_require_compile(lua_State *L, civic_lua_vm_t *vm, const char *text,
    size_t len, const char *chunk)
{
    if (luaL_loadbufferx(L, text, len, chunk, "t") != 0) {
        (void) lua_error(L);
    }

    civic_lua_vm_push(L, vm, CIVIC_LUA_ENVIRONMENT);
    (void) lua_setfenv(L, -2);
}


static void
civic_lua_require_close(void *data)
{
    (void) close((int) (intptr_t) data - 1);
}
