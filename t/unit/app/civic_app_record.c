/* sources: src/app/civic_app_re*.c src/app/civic_app_c[ir]*.c
            src/app/civic_app_signer.c src/sign/civic_sign_[afqrsx]*.c
            src/sign/civic_sign_base.c
            src/json/civic_json.c src/problem/civic_problem.c
            src/jose/civic_jose_[bdhjkmps]*.c
            src/jose/civic_jose_verifier.c */

/*
 * Copyright (C) Civic Gate
 */


#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "civic_app_record.h"
#include "civic_jose_seal.h"


#define NOW     1700000000

#define HEX_A                                                                 \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX_B                                                                 \
    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define HEX_C                                                                 \
    "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

#define ED25519 "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"alg\":\"EdDSA\",\"x\":"\
                "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"


static civic_app_reader_t  reader;


/* quotes are written as ' here */

static civic_app_record_t *
parse(ngx_pool_t *pool, const char *text)
{
    char                buf[8192];
    size_t              i;
    ngx_str_t           json;
    civic_json_t       *root;
    civic_app_record_t  *record;

    for (i = 0; text[i]; i++) {
        buf[i] = (text[i] == '\'') ? '"' : text[i];
    }

    json.data = (u_char *) buf;
    json.len = i;

    root = civic_json_parse(&json, sizeof(buf), reader.err,
                            sizeof(reader.err));
    if (root == NULL) {
        fail_msg("no JSON: %s", reader.err);
    }

    reader.pool = pool;
    reader.at = 0;
    reader.err[0] = '\0';

    record = civic_app_record_parse(&reader, root);

    civic_json_free(root);

    return record;
}


static int
setup(void **state)
{
    memset(&reader, 0, sizeof(reader));
    reader.now = NOW;

    *state = ngx_create_pool(4096, NULL);

    return *state == NULL;
}


static int
teardown(void **state)
{
    ngx_destroy_pool(*state);

    return 0;
}


static void
same(const ngx_str_t *value, const char *text)
{
    assert_int_equal(value->len, strlen(text));
    assert_memory_equal(value->data, text, value->len);
}


static void
whole_record(void **state)
{
    civic_app_record_t      *record;
    civic_app_credential_t  *credential;

    record = parse(*state,
        "{'name':'his','title':'HIS 一院','enabled':false,"
        "'scopes':['a:read','b'],'region':'350100','class':'partner',"
        "'addresses':['10.0.0.0/8','::1'],'expires':1800000000,"
        "'keys':[{'id':'AbCd1234','sha256':'" HEX_A "','created':1,"
        "'expires':1700000001}],"
        "'signers':[{'id':'firm.1','algorithm':'hmac-sm3','schemes':"
        "['x-ca','rfc9421'],'secret':'0123456789abcdef'},"
        "{'id':'ed','algorithm':'ed25519','schemes':['rfc9421'],'jwk':"
        ED25519 "}],"
        "'certificates':[{'sha256':'" HEX_B "'},{'subject':'CN=his,C=CN'}]}");

    if (record == NULL) {
        fail_msg("%s", reader.err);
    }

    same(&record->name, "his");
    same(&record->scope, "a:read b");
    same(&record->region, "350100");
    same(&record->class, "partner");
    assert_int_equal(record->enabled, 0);
    assert_int_equal(record->expires, 1800000000);
    assert_int_equal(record->addresses.nelts, 2);

    credential = civic_app_record_credential(record, 0);
    assert_int_equal(credential->by, CIVIC_APP_BY_KEY);
    assert_int_equal(credential->value.len, 32);
    assert_int_equal(credential->value.data[31], 0xaa);
    assert_int_equal(credential->expires, 1700000001);
    assert_ptr_equal(credential->record, record);

    credential = civic_app_record_credential(record, 1);
    assert_int_equal(credential->by, CIVIC_APP_BY_SIGNER);
    same(&credential->signer->schemes, "x-ca rfc9421");
    same(&credential->signer->secret, "0123456789abcdef");

    credential = civic_app_record_credential(record, 2);
    assert_non_null(credential->signer->key);
    assert_null(credential->signer->secret.data);

    credential = civic_app_record_credential(record, 4);
    assert_int_equal(credential->by, CIVIC_APP_BY_SUBJECT);
    same(&credential->value, "CN=his,C=CN");

    assert_null(civic_app_record_credential(record, 5));
}


static void
short_record(void **state)
{
    civic_app_record_t  *record;

    record = parse(*state, "{'name':'a'}");

    assert_non_null(record);
    assert_int_equal(record->enabled, 1);
    assert_int_equal(record->scope.len, 0);
    assert_null(civic_app_record_credential(record, 0));
}


static void
mistakes(void **state)
{
    ngx_uint_t  i;

    static const struct {
        const char  *record;
        const char  *err;
    } wrong[] = {
        { "[]", "is no object" },
        { "{}", "does not say \"name\"" },
        { "{'name':'a b'}", "name is no name" },
        { "{'name':'a','scope':[]}", "has an unknown member \"scope\"" },
        { "{'name':'a','enabled':1}", "enabled is neither true nor false" },
        { "{'name':'a','scopes':['a','b c']}", "scopes[1] is no scope" },
        { "{'name':'a','scopes':['a','b','a']}", "scopes[2] comes twice" },
        { "{'name':'a','scopes':'a'}", "scopes is no array" },
        { "{'name':'a','region':'35010'}", "region is no region" },
        { "{'name':'a','addresses':['10.0.0.1/8']}",
          "addresses[0] \"10.0.0.1/8\" has bits behind" },
        { "{'name':'a','expires':'tomorrow'}", "expires is no time" },
        { "{'name':'a','keys':[{'id':'x','sha256':'AB'}]}",
          "keys[0].sha256 is not 64 hexadecimal digits" },
        { "{'name':'a','keys':[{'id':'x','sha256':'" HEX_A "'},"
          "{'id':'y','sha256':'" HEX_A "'}]}",
          "keys[1] is there already, as number 0" },
        { "{'name':'a','keys':[{'id':'x','sha256':'" HEX_A "'},"
          "{'id':'x','sha256':'" HEX_B "'}]}",
          "keys[1] is there already, as number 0" },
        { "{'name':'a','keys':[{'id':'x','sha256':'" HEX_A "'},"
          "{'id':'y','sha256':'" HEX_B "'},{'id':'z','sha256':'" HEX_C "'}]}",
          "keys has 3 valid keys" },
        { "{'name':'a','signers':[{'id':'x','algorithm':'none',"
          "'schemes':['x-ca'],'secret':'0123456789abcdef'}]}",
          "signers[0].algorithm is an unknown algorithm" },
        { "{'name':'a','signers':[{'id':'x','algorithm':'hmac-sha256',"
          "'schemes':['x-ca','y'],'secret':'0123456789abcdef'}]}",
          "signers[0].schemes[1] is an unknown scheme" },
        { "{'name':'a','signers':[{'id':'x','algorithm':'hmac-sha256',"
          "'schemes':[],'secret':'0123456789abcdef'}]}",
          "signers[0].schemes names no scheme" },
        { "{'name':'a','signers':[{'id':'x','algorithm':'hmac-sha256',"
          "'schemes':['x-ca'],'secret':'short'}]}",
          "signers[0] has a \"secret\" of less than 16 bytes" },
        { "{'name':'a','signers':[{'id':'x','algorithm':'hmac-sha256',"
          "'schemes':['x-ca'],'jwk':{'kty':'oct'}}]}",
          "signers[0] with \"hmac-sha256\" wants a secret" },
        { "{'name':'a','signers':[{'id':'x','algorithm':'ed25519',"
          "'schemes':['x-ca'],'secret':'0123456789abcdef'}]}",
          "signers[0] with \"ed25519\" wants a public key" },
        { "{'name':'a','signers':[{'id':'x','algorithm':'sm2',"
          "'schemes':['x-ca'],'jwk':" ED25519 "}]}",
          "signers[0] has a \"jwk\" that is none for its algorithm" },
        { "{'name':'a','signers':[{'id':'x','algorithm':'hmac-sha256',"
          "'schemes':['x-ca'],'sealed':'AAAA'}]}",
          "signers[0] has no \"secret\" in the clear" },
        { "{'name':'a','certificates':[{}]}",
          "certificates[0] says either" },
        { "{'name':'a','certificates':[{'subject':'a','sha256':'" HEX_A
          "'}]}", "certificates[0] says either" }
    };

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {

        assert_null(parse(*state, wrong[i].record));

        if (strncmp(reader.err, wrong[i].err, strlen(wrong[i].err)) != 0) {
            fail_msg("%s: \"%s\"", wrong[i].record, reader.err);
        }
    }
}


static void
old_keys_are_not_counted(void **state)
{
    const char  *three =
        "{'name':'a','keys':[{'id':'x','sha256':'" HEX_A "'},"
        "{'id':'y','sha256':'" HEX_B "','expires':1700000000},"
        "{'id':'z','sha256':'" HEX_C "'}]}";

    assert_non_null(parse(*state, three));

    reader.now = NOW - 1;
    assert_null(parse(*state, three));

    reader.now = 0;
    assert_non_null(parse(*state, three));
}


static void
sealed_secrets(void **state)
{
    char                     text[512];
    u_char                   key[CIVIC_JOSE_SEAL_KEY] = { 1 }, out[64];
    ngx_str_t                secret = ngx_string("0123456789abcdef");
    ngx_str_t                whose = ngx_string("app:a:x");
    ngx_uint_t               i, n;
    civic_app_record_t      *record;

    static const char  *digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqr"
                                 "stuvwxyz0123456789-_";
    const char  *format =
        "{'name':'%s','signers':[{'id':'x','algorithm':'hmac-sha256',"
        "'schemes':['x-ca'],'sealed':'%s'}]}";
    char         sealed[64];

    assert_int_equal(civic_jose_seal(key, &secret, &whose, out), NGX_OK);

    /* 44 bytes are 58 characters and two bits of one more */

    out[44] = 0;
    for (i = 0, n = 0; i < 59; i++) {
        n = out[i * 6 / 8] << 8 | out[i * 6 / 8 + 1];
        sealed[i] = digits[(n >> (10 - i * 6 % 8)) & 63];
    }
    sealed[59] = '\0';

    reader.sealed = 1;
    reader.seal = key;

    (void) snprintf(text, sizeof(text), format, "a", sealed);
    record = parse(*state, text);
    if (record == NULL) {
        fail_msg("%s", reader.err);
    }
    same(&civic_app_record_credential(record, 0)->signer->secret,
         "0123456789abcdef");

    (void) snprintf(text, sizeof(text), format, "b", sealed);
    assert_null(parse(*state, text));
    assert_non_null(strstr(reader.err, "this key_file does not open"));

    reader.seal = NULL;
    (void) snprintf(text, sizeof(text), format, "a", sealed);
    assert_null(parse(*state, text));
    assert_non_null(strstr(reader.err, "no key_file to open it"));

    assert_null(parse(*state,
        "{'name':'a','signers':[{'id':'x','algorithm':'hmac-sha256',"
        "'schemes':['x-ca'],'secret':'0123456789abcdef'}]}"));
    assert_non_null(strstr(reader.err, "that is not sealed"));
}


static void
fields(void **state)
{
    u_char     field[CIVIC_APP_FIELD];
    size_t     len;
    u_char     digest[32] = { 0x0f, 0xa0 };
    ngx_str_t  value, text;

    value.data = digest;
    value.len = sizeof(digest);

    text.data = field;
    text.len = civic_app_credential_field(CIVIC_APP_BY_KEY, &value, field);
    same(&text, "key:0fa0000000000000000000000000000000000000000000000000000000"
                "000000");

    value.len = 2;
    value.data = (u_char *) "s1";
    len = civic_app_credential_field(CIVIC_APP_BY_SIGNER, &value, field);
    text.len = len;
    same(&text, "signer:s1");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        { "a record with everything is read as it stands",
          whole_record, setup, teardown, NULL },
        { "a name is enough, and is enabled",
          short_record, setup, teardown, NULL },
        { "each mistake has a sentence that begins with its place",
          mistakes, setup, teardown, NULL },
        { "two keys may be valid at once; expired ones do not count",
          old_keys_are_not_counted, setup, teardown, NULL },
        { "a sealed secret opens for its application only",
          sealed_secrets, setup, teardown, NULL },
        { "the index names digests in hexadecimal, ids as they are",
          fields, setup, teardown, NULL }
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
