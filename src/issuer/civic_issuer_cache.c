
/*
 * Copyright (C) Civic Gate
 *
 * Verified tokens, remembered in shared memory so that a signature is
 * checked once.  An entry is found by the SHA-256 of the token, combined
 * with the generation of the issuer that verified it: change a key or a rule
 * and nothing that was remembered under the old ones is found again.
 *
 * An entry:
 *
 *     civic_issuer_entry_t | the texts of the identity, one behind another
 *
 * The zone's slab pool gives one chunk for the store, and its mutex, which
 * nginx frees when a worker dies holding it.  Each call takes the lock once
 * and allocates nothing while it has it.  What was found is kept by the
 * worker as well (civic_issuer_recent.h), in the same form, so that a token
 * which comes again and again takes none.
 */


#include "civic_issuer_cache.h"
#include "civic_issuer_recent.h"
#include "civic_shm.h"
#include "civic_status.h"


#define CIVIC_ISSUER_CACHE_CELL  256     /* bytes; most tokens take 2 to 4 */
#define CIVIC_ISSUER_CACHE_MAX   (4 * CIVIC_JOSE_MAX_TOKEN)

#define CIVIC_ISSUER_CACHE_DENIED  5     /* s */

/* another accepted the token instead: what this issuer says is not known */

#define CIVIC_ISSUER_CACHE_PASSED  CIVIC_ASKING_UNAVAILABLE


#define CIVIC_ISSUER_CACHE_TEXTS  9


typedef struct {
    u_char              digest[CIVIC_JOSE_DIGEST_LEN];
    int64_t             issued;
    int64_t             expires;
    int64_t             until;         /* 0: as long as it lasts */
    uint32_t            problem;       /* CIVIC_OK: a token that is good */
    uint16_t            lengths[CIVIC_ISSUER_CACHE_TEXTS];
} civic_issuer_entry_t;


typedef struct {
    ngx_slab_pool_t    *shpool;
    civic_shm_t        *store;
} civic_issuer_cache_t;


static ngx_int_t civic_issuer_cache_init_zone(ngx_shm_zone_t *zone,
    void *data);
static civic_issuer_cache_t *civic_issuer_cache_get(ngx_http_request_t *r);
static const u_char *civic_issuer_cache_recent(
    const civic_issuer_recent_t *recent, civic_issuer_bearer_t *b,
    civic_issuer_entry_t *head);
static ngx_int_t civic_issuer_cache_shared(civic_issuer_cache_t *cache,
    civic_issuer_bearer_t *b, civic_issuer_entry_t *head);
static const civic_issuer_t *civic_issuer_cache_find_locked(
    civic_shm_t *store, const civic_issuer_bearer_t *b,
    civic_issuer_entry_t *head);
static ngx_uint_t civic_issuer_cache_may(civic_shm_t *store,
    const civic_issuer_bearer_t *b, ngx_uint_t i);
static ngx_uint_t civic_issuer_cache_over(const civic_issuer_entry_t *head,
    const civic_issuer_t *issuer);
static void civic_issuer_cache_keep(civic_issuer_recent_t *recent,
    const civic_issuer_bearer_t *b, const civic_issuer_entry_t *head);
static ngx_uint_t civic_issuer_cache_read_locked(civic_shm_t *store,
    const civic_issuer_t *issuer, const u_char *digest,
    civic_issuer_entry_t *head);
static civic_issuer_entry_t *civic_issuer_cache_entry_locked(
    civic_shm_t *store, const civic_issuer_t *issuer, const u_char *digest);
static void civic_issuer_cache_pass(const civic_issuer_bearer_t *b);
static civic_problem_e civic_issuer_cache_denied_locked(civic_shm_t *store,
    const civic_issuer_bearer_t *b, const civic_issuer_t *issuer);
static void civic_issuer_cache_store(ngx_http_request_t *r,
    const civic_issuer_entry_t *head, const civic_identity_t *identity);
static ngx_int_t civic_issuer_cache_unpack(const civic_issuer_bearer_t *b,
    const civic_issuer_entry_t *head, const u_char *texts);
static void civic_issuer_cache_write_locked(civic_shm_t *store,
    civic_issuer_entry_t *entry, const civic_issuer_entry_t *head,
    const civic_identity_t *identity);
static void civic_issuer_cache_mix(u_char *mixed, const u_char *digest,
    const civic_issuer_t *issuer);
static size_t civic_issuer_cache_length(const civic_issuer_entry_t *head);
static void civic_issuer_cache_enter(civic_issuer_cache_t *cache);
static void civic_issuer_cache_leave(civic_issuer_cache_t *cache);


/* the subject first: it stands behind "ISSUER:" as it is */

static const size_t  civic_issuer_cache_texts[CIVIC_ISSUER_CACHE_TEXTS] = {
    offsetof(civic_identity_t, subject),
    offsetof(civic_identity_t, client),
    offsetof(civic_identity_t, scope),
    offsetof(civic_identity_t, roles),
    offsetof(civic_identity_t, region),
    offsetof(civic_identity_t, level),
    offsetof(civic_identity_t, token),
    offsetof(civic_identity_t, binding),
    offsetof(civic_identity_t, claims)
};


/* filled under the lock, read after it: a worker is one thread */

static u_char  civic_issuer_cache_scratch[CIVIC_ISSUER_CACHE_MAX];


ngx_int_t
civic_issuer_zone_add(ngx_conf_t *cf, size_t size)
{
    ngx_shm_zone_t          *zone;
    civic_issuer_cache_t      *cache;
    civic_issuer_main_conf_t  *imcf;

    static ngx_str_t  name = ngx_string("civic_tokens");

    imcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_civic_issuer_module);

    cache = ngx_pcalloc(cf->pool, sizeof(civic_issuer_cache_t));
    if (cache == NULL) {
        return NGX_ERROR;
    }

    zone = ngx_shared_memory_add(cf, &name, size,
                                 &ngx_http_civic_issuer_module);
    if (zone == NULL) {
        return NGX_ERROR;
    }

    zone->init = civic_issuer_cache_init_zone;
    zone->data = cache;

    imcf->zone = zone;

    return NGX_OK;
}


/* a reload; a segment that another process laid out; a new one */

static ngx_int_t
civic_issuer_cache_init_zone(ngx_shm_zone_t *zone, void *data)
{
    civic_issuer_cache_t  *ocache = data;

    void                *region;
    size_t               len, size;
    ngx_slab_pool_t     *shpool;
    civic_issuer_cache_t  *cache;

    cache = zone->data;
    shpool = (ngx_slab_pool_t *) zone->shm.addr;

    cache->shpool = shpool;

    if (ocache != NULL) {
        cache->store = ocache->store;
        return NGX_OK;
    }

    if (zone->shm.exists) {
        cache->store = shpool->data;
        return NGX_OK;
    }

    len = sizeof(" in civic token cache \"\"") + zone->shm.name.len;

    shpool->log_ctx = ngx_slab_alloc(shpool, len);
    if (shpool->log_ctx == NULL) {
        return NGX_ERROR;
    }

    ngx_sprintf(shpool->log_ctx, " in civic token cache \"%V\"%Z",
                &zone->shm.name);

    size = shpool->pfree * ngx_pagesize;

    region = ngx_slab_alloc(shpool, size);
    if (region == NULL) {
        return NGX_ERROR;
    }

    cache->store = civic_shm_init(region, size, CIVIC_ISSUER_CACHE_CELL);
    if (cache->store == NULL) {
        return NGX_ERROR;
    }

    shpool->data = cache->store;

    return NGX_OK;
}


static civic_issuer_cache_t *
civic_issuer_cache_get(ngx_http_request_t *r)
{
    civic_issuer_main_conf_t  *imcf;

    imcf = ngx_http_get_module_main_conf(r, ngx_http_civic_issuer_module);

    return imcf->zone->data;
}


ngx_int_t
civic_issuer_cache_find(ngx_http_request_t *r, civic_issuer_bearer_t *b)
{
    const u_char              *texts;
    civic_issuer_entry_t       head;
    civic_issuer_main_conf_t  *imcf;

    imcf = ngx_http_get_module_main_conf(r, ngx_http_civic_issuer_module);

    texts = civic_issuer_cache_recent(imcf->recent, b, &head);

    if (texts != NULL) {
        return civic_issuer_cache_unpack(b, &head, texts);
    }

    if (civic_jose_digest(&b->token->text, b->digest) != NGX_OK) {
        return NGX_ERROR;
    }

    if (civic_issuer_cache_shared(imcf->zone->data, b, &head) != NGX_OK) {
        return NGX_DECLINED;
    }

    civic_issuer_cache_keep(imcf->recent, b, &head);

    return civic_issuer_cache_unpack(b, &head, civic_issuer_cache_scratch);
}


/* the texts, until something else is kept; NULL: not here */

static const u_char *
civic_issuer_cache_recent(const civic_issuer_recent_t *recent,
    civic_issuer_bearer_t *b, civic_issuer_entry_t *head)
{
    ngx_uint_t              i;
    const u_char           *value;
    civic_issuer_t        **issuer;
    const civic_issuer_t   *by;

    value = civic_issuer_recent_find(recent, &b->token->text, &by);
    if (value == NULL) {
        return NULL;
    }

    issuer = b->group->objects.elts;

    for (i = 0; i < b->group->objects.nelts; i++) {

        if (issuer[i] == by && civic_issuer_cache_may(NULL, b, i)) {
            break;
        }
    }

    if (i == b->group->objects.nelts) {
        return NULL;
    }

    ngx_memcpy(head, value, sizeof(civic_issuer_entry_t));

    if (civic_issuer_cache_over(head, by)) {
        return NULL;
    }

    b->issuer = by;

    return value + sizeof(civic_issuer_entry_t);
}


/* NGX_OK: the texts are in the scratch */

static ngx_int_t
civic_issuer_cache_shared(civic_issuer_cache_t *cache,
    civic_issuer_bearer_t *b, civic_issuer_entry_t *head)
{
    civic_issuer_cache_enter(cache);

    b->issuer = civic_issuer_cache_find_locked(cache->store, b, head);

    civic_issuer_cache_leave(cache);

    return b->issuer ? NGX_OK : NGX_DECLINED;
}


static const civic_issuer_t *
civic_issuer_cache_find_locked(civic_shm_t *store,
    const civic_issuer_bearer_t *b, civic_issuer_entry_t *head)
{
    ngx_uint_t        i;
    civic_issuer_t  **issuer;

    issuer = b->group->objects.elts;

    for (i = 0; i < b->group->objects.nelts; i++) {

        if (civic_issuer_cache_may(store, b, i)
            && civic_issuer_cache_read_locked(store, issuer[i], b->digest,
                                              head))
        {
            return issuer[i];
        }
    }

    return NULL;
}


/*
 * May what is remembered for this issuer of the group be used?  Not while
 * one before it, of the same "iss", is not known to refuse the token: who is
 * calling must not depend on who called where before.  `store` NULL: nothing
 * is known.
 */

static ngx_uint_t
civic_issuer_cache_may(civic_shm_t *store, const civic_issuer_bearer_t *b,
    ngx_uint_t i)
{
    ngx_uint_t        n;
    civic_issuer_t  **issuer;

    issuer = b->group->objects.elts;

    if (!civic_issuer_token_allowed(issuer[i], &b->token->place)) {
        return 0;
    }

    for (n = 0; n < i; n++) {

        if (civic_issuer_token_takes(issuer[n], &issuer[i]->rules.issuer,
                                     &b->token->place)
            && (store == NULL
                || civic_issuer_cache_denied_locked(store, b, issuer[n])
                   == CIVIC_OK))
        {
            return 0;
        }
    }

    return 1;
}


static ngx_uint_t
civic_issuer_cache_read_locked(civic_shm_t *store,
    const civic_issuer_t *issuer, const u_char *digest,
    civic_issuer_entry_t *head)
{
    size_t                 len;
    civic_issuer_entry_t  *entry;

    entry = civic_issuer_cache_entry_locked(store, issuer, digest);

    if (entry == NULL || entry->problem != CIVIC_OK) {
        return 0;
    }

    *head = *entry;

    len = civic_issuer_cache_length(head);

    if (len > CIVIC_ISSUER_CACHE_MAX) {
        return 0;
    }

    civic_shm_read(store, entry, sizeof(civic_issuer_entry_t),
                   civic_issuer_cache_scratch, len);

    return 1;
}


/* NULL: there is none, or not any more */

static civic_issuer_entry_t *
civic_issuer_cache_entry_locked(civic_shm_t *store,
    const civic_issuer_t *issuer, const u_char *digest)
{
    u_char                 mixed[CIVIC_JOSE_DIGEST_LEN];
    civic_issuer_entry_t  *entry;

    civic_issuer_cache_mix(mixed, digest, issuer);

    entry = civic_shm_find(store, mixed);

    if (entry == NULL
        || ngx_memcmp(entry->digest, mixed, CIVIC_JOSE_DIGEST_LEN) != 0)
    {
        return NULL;
    }

    if (civic_issuer_cache_over(entry, issuer)) {
        civic_shm_remove(store, mixed);
        return NULL;
    }

    return entry;
}


/* the same moment at which verification would say "expired" */

static ngx_uint_t
civic_issuer_cache_over(const civic_issuer_entry_t *head,
    const civic_issuer_t *issuer)
{
    return (head->problem == CIVIC_OK
            && ngx_time() - issuer->rules.leeway >= head->expires)
           || (head->until && ngx_time() >= head->until);
}


static void
civic_issuer_cache_keep(civic_issuer_recent_t *recent,
    const civic_issuer_bearer_t *b, const civic_issuer_entry_t *head)
{
    ngx_str_t  value, texts;

    value.data = (u_char *) head;
    value.len = sizeof(civic_issuer_entry_t);

    texts.data = civic_issuer_cache_scratch;
    texts.len = civic_issuer_cache_length(head);

    civic_issuer_recent_add(recent, &b->token->text, b->issuer, &value,
                            &texts);
}


static ngx_int_t
civic_issuer_cache_unpack(const civic_issuer_bearer_t *b,
    const civic_issuer_entry_t *head, const u_char *texts)
{
    size_t             len;
    u_char            *p;
    ngx_str_t         *text;
    ngx_uint_t         i;
    const ngx_str_t   *name;
    civic_identity_t  *identity;

    name = &b->issuer->name;
    identity = b->identity;
    len = civic_issuer_cache_length(head);

    p = ngx_pnalloc(b->pool, name->len + 1 + len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    identity->caller.data = p;
    identity->caller.len = name->len + 1 + head->lengths[0];

    p = ngx_cpymem(p, name->data, name->len);
    *p++ = ':';

    ngx_memcpy(p, texts, len);

    for (i = 0; i < CIVIC_ISSUER_CACHE_TEXTS; i++) {
        text = (ngx_str_t *) ((u_char *) identity
                              + civic_issuer_cache_texts[i]);
        text->data = p;
        text->len = head->lengths[i];
        p += text->len;
    }

    identity->issuer = *name;
    identity->issued = (time_t) head->issued;
    identity->expires = (time_t) head->expires;

    return NGX_OK;
}


void
civic_issuer_cache_add(const civic_issuer_bearer_t *b)
{
    ngx_uint_t             i;
    const ngx_str_t       *text;
    civic_issuer_entry_t   head;

    ngx_memzero(&head, sizeof(civic_issuer_entry_t));

    civic_issuer_cache_mix(head.digest, b->digest, b->issuer);

    head.issued = b->identity->issued;
    head.expires = b->identity->expires;
    head.until = b->until;

    for (i = 0; i < CIVIC_ISSUER_CACHE_TEXTS; i++) {
        text = (const ngx_str_t *) ((const u_char *) b->identity
                                    + civic_issuer_cache_texts[i]);

        if (text->len > CIVIC_ISSUER_CACHE_MAX) {
            return;
        }

        head.lengths[i] = (uint16_t) text->len;
    }

    civic_issuer_cache_store(b->request, &head, b->identity);
    civic_issuer_cache_pass(b);
}


/*
 * Those before b->issuer that might have accepted the token did not, be it
 * that they could not be asked.
 */

static void
civic_issuer_cache_pass(const civic_issuer_bearer_t *b)
{
    ngx_uint_t        i;
    civic_issuer_t  **issuer;

    issuer = b->group->objects.elts;

    for (i = 0; i < b->group->objects.nelts && issuer[i] != b->issuer; i++) {

        if (civic_issuer_token_takes(issuer[i], &b->issuer->rules.issuer,
                                     &b->token->place)
            && civic_issuer_cache_denied(b, issuer[i]) == CIVIC_OK)
        {
            civic_issuer_cache_deny(b, issuer[i], CIVIC_ISSUER_CACHE_PASSED);
        }
    }
}


void
civic_issuer_cache_deny(const civic_issuer_bearer_t *b,
    const civic_issuer_t *issuer, civic_problem_e problem)
{
    civic_identity_t      nobody;
    civic_issuer_entry_t  head;

    ngx_memzero(&nobody, sizeof(civic_identity_t));
    ngx_memzero(&head, sizeof(civic_issuer_entry_t));

    civic_issuer_cache_mix(head.digest, b->digest, issuer);

    head.until = ngx_time() + CIVIC_ISSUER_CACHE_DENIED;
    head.problem = problem;

    civic_issuer_cache_store(b->request, &head, &nobody);
}


civic_problem_e
civic_issuer_cache_denied(const civic_issuer_bearer_t *b,
    const civic_issuer_t *issuer)
{
    civic_problem_e        problem;
    civic_issuer_cache_t  *cache;

    cache = civic_issuer_cache_get(b->request);

    civic_issuer_cache_enter(cache);

    problem = civic_issuer_cache_denied_locked(cache->store, b, issuer);

    civic_issuer_cache_leave(cache);

    return problem == CIVIC_ISSUER_CACHE_PASSED ? CIVIC_OK : problem;
}


static civic_problem_e
civic_issuer_cache_denied_locked(civic_shm_t *store,
    const civic_issuer_bearer_t *b, const civic_issuer_t *issuer)
{
    civic_issuer_entry_t  *entry;

    entry = civic_issuer_cache_entry_locked(store, issuer, b->digest);

    return entry ? entry->problem : CIVIC_OK;
}


static void
civic_issuer_cache_store(ngx_http_request_t *r,
    const civic_issuer_entry_t *head, const civic_identity_t *identity)
{
    size_t                 len;
    ngx_uint_t             evicted;
    civic_issuer_cache_t  *cache;
    civic_issuer_entry_t  *entry;

    cache = civic_issuer_cache_get(r);
    len = civic_issuer_cache_length(head);

    if (len > CIVIC_ISSUER_CACHE_MAX) {
        return;
    }

    evicted = 0;

    civic_issuer_cache_enter(cache);

    entry = civic_shm_insert(cache->store, head->digest,
                             sizeof(civic_issuer_entry_t) + len, &evicted);

    if (entry != NULL) {
        civic_issuer_cache_write_locked(cache->store, entry, head, identity);
    }

    civic_issuer_cache_leave(cache);

    if (evicted) {
        civic_status_count(CIVIC_METRIC_TOKENS_EVICTED, evicted);
    }
}


static void
civic_issuer_cache_write_locked(civic_shm_t *store,
    civic_issuer_entry_t *entry, const civic_issuer_entry_t *head,
    const civic_identity_t *identity)
{
    size_t            offset;
    ngx_uint_t        i;
    const ngx_str_t  *text;

    offset = sizeof(civic_issuer_entry_t);

    for (i = 0; i < CIVIC_ISSUER_CACHE_TEXTS; i++) {
        text = (const ngx_str_t *) ((const u_char *) identity
                                    + civic_issuer_cache_texts[i]);

        civic_shm_write(store, entry, offset, text->data, text->len);
        offset += text->len;
    }

    *entry = *head;
}


/*
 * Both are SHA-256, and generations are the operator's: to meet another's
 * entry takes two tokens whose digests differ by a given value.
 */

static void
civic_issuer_cache_mix(u_char *mixed, const u_char *digest,
    const civic_issuer_t *issuer)
{
    ngx_uint_t     i;
    const u_char  *generation;

    generation = civic_issuer_generation_now(issuer);

    for (i = 0; i < CIVIC_JOSE_DIGEST_LEN; i++) {
        mixed[i] = digest[i] ^ generation[i];
    }
}


static size_t
civic_issuer_cache_length(const civic_issuer_entry_t *head)
{
    size_t      len;
    ngx_uint_t  i;

    len = 0;

    for (i = 0; i < CIVIC_ISSUER_CACHE_TEXTS; i++) {
        len += head->lengths[i];
    }

    return len;
}


static void
civic_issuer_cache_enter(civic_issuer_cache_t *cache)
{
    ngx_shmtx_lock(&cache->shpool->mutex);

    if (civic_shm_enter(cache->store) == NGX_DECLINED) {
        civic_status_count(CIVIC_METRIC_TOKENS_RESET, 1);
    }
}


static void
civic_issuer_cache_leave(civic_issuer_cache_t *cache)
{
    civic_shm_leave(cache->store);

    ngx_shmtx_unlock(&cache->shpool->mutex);
}
