
/*
 * Copyright (C) Civic Gate
 */


#include "civic_app_index.h"


static void civic_app_index_insert(ngx_rbtree_node_t *temp,
    ngx_rbtree_node_t *node, ngx_rbtree_node_t *sentinel);
static ngx_rbtree_key_t civic_app_index_hash(ngx_uint_t by,
    const ngx_str_t *value);
static ngx_int_t civic_app_index_compare(ngx_uint_t by,
    const ngx_str_t *value, const civic_app_credential_t *credential);


void
civic_app_index_init(civic_app_index_t *index)
{
    ngx_rbtree_init(&index->tree, &index->sentinel, civic_app_index_insert);
}


civic_app_credential_t *
civic_app_index_find(civic_app_index_t *index, ngx_uint_t by,
    const ngx_str_t *value)
{
    ngx_int_t                rc;
    ngx_rbtree_key_t         hash;
    ngx_rbtree_node_t       *node;
    civic_app_credential_t  *credential;

    hash = civic_app_index_hash(by, value);
    node = index->tree.root;

    while (node != &index->sentinel) {

        if (hash != node->key) {
            node = (hash < node->key) ? node->left : node->right;
            continue;
        }

        credential = (civic_app_credential_t *) node;

        rc = civic_app_index_compare(by, value, credential);
        if (rc == 0) {
            return credential;
        }

        node = (rc < 0) ? node->left : node->right;
    }

    return NULL;
}


const civic_app_credential_t *
civic_app_index_add(civic_app_index_t *index, civic_app_record_t *record)
{
    ngx_uint_t                     i;
    civic_app_credential_t        *credential;
    const civic_app_credential_t  *other;

    for (i = 0; /* void */; i++) {
        credential = civic_app_record_credential(record, i);

        if (credential == NULL) {
            break;
        }

        other = civic_app_index_find(index, credential->by,
                                     &credential->value);
        if (other != NULL) {
            return other;
        }
    }

    while (i--) {
        credential = civic_app_record_credential(record, i);

        credential->node.key = civic_app_index_hash(credential->by,
                                                    &credential->value);
        ngx_rbtree_insert(&index->tree, &credential->node);
    }

    return NULL;
}


void
civic_app_index_remove(civic_app_index_t *index, civic_app_record_t *record)
{
    ngx_uint_t               i;
    civic_app_credential_t  *credential;

    for (i = 0; /* void */; i++) {
        credential = civic_app_record_credential(record, i);

        if (credential == NULL) {
            return;
        }

        ngx_rbtree_delete(&index->tree, &credential->node);
    }
}


static void
civic_app_index_insert(ngx_rbtree_node_t *temp, ngx_rbtree_node_t *node,
    ngx_rbtree_node_t *sentinel)
{
    ngx_rbtree_node_t       **p;
    civic_app_credential_t   *credential;

    credential = (civic_app_credential_t *) node;

    for ( ;; ) {

        if (node->key != temp->key) {
            p = (node->key < temp->key) ? &temp->left : &temp->right;

        } else {
            p = (civic_app_index_compare(credential->by, &credential->value,
                                         (civic_app_credential_t *) temp)
                 < 0)
                ? &temp->left : &temp->right;
        }

        if (*p == sentinel) {
            break;
        }

        temp = *p;
    }

    *p = node;
    node->parent = temp;
    node->left = sentinel;
    node->right = sentinel;
    ngx_rbt_red(node);
}


/* of a digest its own first bytes: what is hashed well needs it no more */

static ngx_rbtree_key_t
civic_app_index_hash(ngx_uint_t by, const ngx_str_t *value)
{
    uint32_t  word;

    if (by == CIVIC_APP_BY_KEY || by == CIVIC_APP_BY_FINGERPRINT) {
        ngx_memcpy(&word, value->data, sizeof(word));
        return word;
    }

    return (ngx_rbtree_key_t) (uint32_t) ngx_hash_key(value->data, value->len);
}


static ngx_int_t
civic_app_index_compare(ngx_uint_t by, const ngx_str_t *value,
    const civic_app_credential_t *credential)
{
    if (by != credential->by) {
        return (by < credential->by) ? -1 : 1;
    }

    return ngx_memn2cmp(value->data, credential->value.data, value->len,
                        credential->value.len);
}
