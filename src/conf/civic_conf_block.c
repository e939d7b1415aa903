
/*
 * Copyright (C) Civic Gate
 *
 * Blocks and lines of words: one reader for all of them.  Nothing here knows
 * a word; what may be said is in the table of its owner.
 */


#include "civic_conf_block.h"
#include "civic_text.h"


#define CIVIC_CONF_NAME_MAX   64
#define CIVIC_CONF_WORDS_MAX  512      /* bytes of the list of words */


static ngx_int_t civic_conf_block_place(ngx_conf_t *cf,
    civic_conf_block_t *block, const char *word);
static char *civic_conf_block_word(ngx_conf_t *cf, ngx_command_t *dummy,
    void *conf);
static char *civic_conf_block_unknown(ngx_conf_t *cf,
    const civic_conf_block_t *block, const ngx_str_t *name);
static char *civic_conf_block_take(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word);
static char *civic_conf_block_once(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word);
static char *civic_conf_block_empty(ngx_conf_t *cf,
    const civic_conf_block_t *block, const civic_conf_word_t *word);
static char *civic_conf_block_whole(ngx_conf_t *cf,
    const civic_conf_block_t *block);
static const char *civic_conf_block_values(const civic_conf_word_t *word);
static char *civic_conf_block_pair(ngx_conf_t *cf, civic_conf_block_t *block,
    const ngx_str_t *text);
static const civic_conf_word_t *civic_conf_block_named(
    const civic_conf_block_t *block, const ngx_str_t *text,
    ngx_str_t *value);
static char *civic_conf_block_choose(ngx_conf_t *cf,
    const civic_conf_block_t *block, const civic_conf_word_t *word,
    const ngx_str_t *value, const ngx_conf_enum_t *choice);
static char *civic_conf_block_isnt(ngx_conf_t *cf,
    const civic_conf_block_t *block, const civic_conf_word_t *word,
    const ngx_str_t *value, const char *what);
static char *civic_conf_block_within(ngx_conf_t *cf,
    const civic_conf_block_t *block, const civic_conf_word_t *word,
    const ngx_str_t *value, ngx_int_t n);
static void *civic_conf_block_field(const civic_conf_block_t *block,
    const civic_conf_word_t *word);


char *
civic_conf_block_parse(ngx_conf_t *cf, civic_conf_block_t *block)
{
    char        *rv;
    ngx_conf_t   save;

    if (civic_conf_block_place(cf, block, NULL) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    save = *cf;
    cf->handler = civic_conf_block_word;
    cf->handler_conf = (void *) block;

    rv = ngx_conf_parse(cf, NULL);

    *cf = save;

    return rv == NGX_CONF_OK ? civic_conf_block_whole(cf, block) : rv;
}


char *
civic_conf_block_line(ngx_conf_t *cf, civic_conf_block_t *block,
    ngx_uint_t first)
{
    char        *rv;
    ngx_str_t   *value;
    ngx_uint_t   i;

    if (civic_conf_block_place(cf, block, NULL) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    for (i = first; i < cf->args->nelts; i++) {

        rv = civic_conf_block_pair(cf, block, &value[i]);
        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    return civic_conf_block_whole(cf, block);
}


ngx_uint_t
civic_conf_block_has(const civic_conf_block_t *block, const char *name)
{
    const civic_conf_word_t  *word;

    for (word = block->words; word->name; word++) {

        if (ngx_strcmp(word->name, name) == 0) {
            return (block->seen >> (word - block->words)) & 1;
        }
    }

    return 0;
}


char *
civic_conf_block_name(ngx_conf_t *cf, const char *directive,
    const ngx_str_t *name)
{
    if (!civic_text_name(name) || name->len > CIVIC_CONF_NAME_MAX) {
        return civic_conf_error(cf, NULL, "\"%V\" cannot name a %s: a name "
                                "has at most %d letters, digits, \"_\" and "
                                "\"-\"", name, directive,
                                CIVIC_CONF_NAME_MAX);
    }

    return NGX_CONF_OK;
}


char *
civic_conf_block_again(ngx_conf_t *cf, const char *directive,
    const ngx_str_t *name, const civic_pos_t *first)
{
    return civic_conf_error(cf, NULL, "%s \"%V\" is defined already in "
                            "%V:%ui,", directive, name, &first->file,
                            first->line);
}


/* where errors are: civic_foo "bar", or, of pairs, "word" of ... */

static ngx_int_t
civic_conf_block_place(ngx_conf_t *cf, civic_conf_block_t *block,
    const char *word)
{
    u_char     *p;
    size_t      len;
    ngx_str_t   place;

    len = word ? ngx_strlen(word) + block->place.len
               : ngx_strlen(block->directive)
                 + (block->name ? block->name->len : 0);

    place.data = ngx_pnalloc(cf->temp_pool, len + sizeof("\"\" of "));
    if (place.data == NULL) {
        return NGX_ERROR;
    }

    if (word) {
        p = ngx_sprintf(place.data, "\"%s\" of %V", word, &block->place);

    } else if (block->name) {
        p = ngx_sprintf(place.data, "%s \"%V\"", block->directive,
                        block->name);

    } else {
        p = ngx_sprintf(place.data, "%s", block->directive);
    }

    place.len = p - place.data;
    block->place = place;

    return NGX_OK;
}


static char *
civic_conf_block_word(ngx_conf_t *cf, ngx_command_t *dummy, void *conf)
{
    civic_conf_block_t  *block = conf;

    ngx_str_t                *value;
    const civic_conf_word_t  *word;

    value = cf->args->elts;

    for (word = block->words; word->name; word++) {

        if (ngx_strcmp(value[0].data, word->name) == 0) {
            return civic_conf_block_take(cf, block, word);
        }
    }

    return civic_conf_block_unknown(cf, block, &value[0]);
}


static char *
civic_conf_block_unknown(ngx_conf_t *cf, const civic_conf_block_t *block,
    const ngx_str_t *name)
{
    u_char                   *p, *last, list[CIVIC_CONF_WORDS_MAX];
    const civic_conf_word_t  *word;

    p = list;
    last = list + CIVIC_CONF_WORDS_MAX;

    for (word = block->words; word->name; word++) {

        if (word->set != civic_conf_block_later) {
            p = ngx_slprintf(p, last, "%s%s", p == list ? "" : ", ",
                             word->name);
        }
    }

    return civic_conf_error(cf, NULL, "unknown word \"%V\" in %V; it knows "
                            "%*s", name, &block->place, (size_t) (p - list),
                            list);
}


static char *
civic_conf_block_take(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word)
{
    ngx_str_t   *value;
    ngx_uint_t   i, n;

    value = cf->args->elts;
    n = cf->args->nelts - 1;

    if (civic_conf_block_once(cf, block, word) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    if (n < word->min || n > word->max) {
        return civic_conf_error(cf, NULL, "\"%s\" in %V takes %s",
                                word->name, &block->place,
                                civic_conf_block_values(word));
    }

    for (i = 1; i <= n; i++) {

        if (value[i].len == 0) {
            return civic_conf_block_empty(cf, block, word);
        }
    }

    return word->set(cf, block, word, &value[1]);
}


static char *
civic_conf_block_once(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word)
{
    uint64_t  bit;

    bit = (uint64_t) 1 << (word - block->words);

    if ((block->seen & bit) && !(word->flags & CIVIC_CONF_MANY)) {
        return civic_conf_error(cf, NULL, "\"%s\" comes twice in %V",
                                word->name, &block->place);
    }

    block->seen |= bit;

    return NGX_CONF_OK;
}


static char *
civic_conf_block_empty(ngx_conf_t *cf, const civic_conf_block_t *block,
    const civic_conf_word_t *word)
{
    return civic_conf_error(cf, NULL, "\"%s\" in %V has an empty value",
                            word->name, &block->place);
}


static char *
civic_conf_block_whole(ngx_conf_t *cf, const civic_conf_block_t *block)
{
    const civic_conf_word_t  *word;

    for (word = block->words; word->name; word++) {

        if ((word->flags & CIVIC_CONF_MANDATORY)
            && !civic_conf_block_has(block, word->name))
        {
            return civic_conf_error(cf, block->pos, "%V does not say \"%s\"",
                                    &block->place, word->name);
        }
    }

    return NGX_CONF_OK;
}


static const char *
civic_conf_block_values(const civic_conf_word_t *word)
{
    ngx_uint_t  i;

    static const struct {
        ngx_uint_t   min;
        ngx_uint_t   max;              /* or more */
        const char  *text;
    } kinds[] = {
        { 0, 0, "no value" },
        { 0, 1, "one value or none" },
        { 1, 1, "one value" },
        { 1, 2, "one value or two" },
        { 2, 2, "two values" },
        { 0, NGX_MAX_INT_T_VALUE, "values or none" },
        { 1, NGX_MAX_INT_T_VALUE, "one value or more" },
    };

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {

        if (kinds[i].min == word->min && kinds[i].max >= word->max) {
            return kinds[i].text;
        }
    }

    return "two values or more";
}


char *
civic_conf_block_text(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    ngx_str_t  *text;

    text = civic_conf_block_field(block, word);
    *text = *value;

    return NGX_CONF_OK;
}


char *
civic_conf_block_list(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    ngx_str_t    *item;
    ngx_uint_t    i;
    ngx_array_t  **list;

    list = civic_conf_block_field(block, word);

    if (*list == NULL) {
        *list = ngx_array_create(cf->pool, cf->args->nelts,
                                 sizeof(ngx_str_t));
        if (*list == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    for (i = 0; i < cf->args->nelts - 1; i++) {

        item = ngx_array_push(*list);
        if (item == NULL) {
            return NGX_CONF_ERROR;
        }

        *item = value[i];
    }

    return NGX_CONF_OK;
}


char *
civic_conf_block_file(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    ngx_str_t  *file;

    file = civic_conf_block_field(block, word);
    *file = *value;

    return ngx_conf_full_name(cf->cycle, file, 1) == NGX_OK ? NGX_CONF_OK
                                                            : NGX_CONF_ERROR;
}


char *
civic_conf_block_number(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    ngx_int_t    n;
    ngx_uint_t  *field;

    n = ngx_atoi(value->data, value->len);

    field = civic_conf_block_field(block, word);
    *field = n;

    return civic_conf_block_within(cf, block, word, value, n);
}


char *
civic_conf_block_size(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    size_t   *field;
    ssize_t   size;

    size = ngx_parse_size(value);

    field = civic_conf_block_field(block, word);
    *field = size;

    return civic_conf_block_within(cf, block, word, value, size);
}


char *
civic_conf_block_msec(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    ngx_int_t    n;
    ngx_msec_t  *field;

    n = ngx_parse_time(value, 0);

    field = civic_conf_block_field(block, word);
    *field = n;

    return civic_conf_block_within(cf, block, word, value, n);
}


char *
civic_conf_block_sec(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    time_t     *field;
    ngx_int_t   n;

    n = ngx_parse_time(value, 1);

    field = civic_conf_block_field(block, word);
    *field = n;

    return civic_conf_block_within(cf, block, word, value, n);
}


char *
civic_conf_block_flag(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    static const ngx_conf_enum_t  flag[] = {
        { ngx_string("on"), 1 },
        { ngx_string("off"), 0 },
        { ngx_null_string, 0 }
    };

    return civic_conf_block_choose(cf, block, word, value, flag);
}


char *
civic_conf_block_choice(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    return civic_conf_block_choose(cf, block, word, value, word->post);
}


static char *
civic_conf_block_choose(ngx_conf_t *cf, const civic_conf_block_t *block,
    const civic_conf_word_t *word, const ngx_str_t *value,
    const ngx_conf_enum_t *choice)
{
    u_char      *p, *last, list[CIVIC_CONF_WORDS_MAX];
    ngx_uint_t  *field;

    p = list;
    last = list + CIVIC_CONF_WORDS_MAX - 1;

    for ( /* void */ ; choice->name.len; choice++) {

        if (ngx_strcmp(choice->name.data, value->data) == 0) {
            field = civic_conf_block_field(block, word);
            *field = choice->value;

            return NGX_CONF_OK;
        }

        p = ngx_slprintf(p, last, "%s%V", p == list ? "" :
                                  choice[1].name.len ? ", " : " or ",
                         &choice->name);
    }

    *p = '\0';

    return civic_conf_block_isnt(cf, block, word, value, (char *) list);
}


char *
civic_conf_block_said(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    ngx_uint_t  *field;

    field = civic_conf_block_field(block, word);
    *field = 1;

    return NGX_CONF_OK;
}


char *
civic_conf_block_alone(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    return civic_conf_error(cf, NULL, "\"%s\" in %V stands alone", word->name,
                            &block->place);
}


char *
civic_conf_block_pairs(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    char                *rv;
    ngx_uint_t           i;
    civic_conf_block_t   pairs;

    pairs = *block;
    pairs.words = word->post;
    pairs.pos = NULL;
    pairs.seen = 0;

    if (civic_conf_block_place(cf, &pairs, word->name) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    for (i = 0; i < cf->args->nelts - 1; i++) {

        rv = civic_conf_block_pair(cf, &pairs, &value[i]);
        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    return civic_conf_block_whole(cf, &pairs);
}


static char *
civic_conf_block_pair(ngx_conf_t *cf, civic_conf_block_t *block,
    const ngx_str_t *text)
{
    ngx_str_t                 value;
    const civic_conf_word_t  *word;

    word = civic_conf_block_named(block, text, &value);

    if (word == NULL) {
        return civic_conf_block_unknown(cf, block, text);
    }

    if (civic_conf_block_once(cf, block, word) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    if (value.len < word->min) {
        return civic_conf_block_empty(cf, block, word);
    }

    return word->set(cf, block, word, &value);
}


/* NAME=VALUE, or a word that has no value */

static const civic_conf_word_t *
civic_conf_block_named(const civic_conf_block_t *block,
    const ngx_str_t *text, ngx_str_t *value)
{
    size_t                    len;
    const civic_conf_word_t  *word;

    for (word = block->words; word->name; word++) {
        len = ngx_strlen(word->name);

        if (ngx_strncmp(text->data, word->name, len) == 0
            && (word->name[len - 1] == '=' || text->len == len))
        {
            value->data = text->data + len;
            value->len = text->len - len;

            return word;
        }
    }

    return NULL;
}


char *
civic_conf_block_later(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    return civic_conf_error(cf, NULL, "%V: this version does not have "
                            "\"%s\" yet; %s", &block->place, word->name,
                            (const char *) word->post);
}


/* n: of the value, or NGX_ERROR where it is none */

static char *
civic_conf_block_within(ngx_conf_t *cf, const civic_conf_block_t *block,
    const civic_conf_word_t *word, const ngx_str_t *value, ngx_int_t n)
{
    const civic_conf_range_t  *range;

    range = word->post;

    if (n != NGX_ERROR && n >= range->min && n <= range->max) {
        return NGX_CONF_OK;
    }

    return civic_conf_block_isnt(cf, block, word, value, range->text);
}


static char *
civic_conf_block_isnt(ngx_conf_t *cf, const civic_conf_block_t *block,
    const civic_conf_word_t *word, const ngx_str_t *value, const char *what)
{
    return civic_conf_error(cf, NULL, "\"%s%s%V\" in %V is not %s",
                            word->name,
                            word->name[ngx_strlen(word->name) - 1] == '='
                            ? "" : " ",
                            value, &block->place, what);
}


static void *
civic_conf_block_field(const civic_conf_block_t *block,
    const civic_conf_word_t *word)
{
    return (u_char *) block->conf + word->offset;
}
