#include "nlg_remote_key.h"

#include <errno.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <string.h>

static const char properties[] = "provider=nlgate";

// The signer of the handshake that this thread is in.
static _Thread_local struct {
    nlg_remote_signer *sign;
    void *context;
} caller;

// Keys. The public half is an ordinary key of the default context, which answers every question.

struct key {
    const char *type;
    EVP_PKEY *public_half;
};

static void *key_new(const char *type) {
    struct key *key = OPENSSL_zalloc(sizeof *key);
    if (key != NULL) key->type = type;
    return key;
}

static void *ec_new(void *provider) { return (void)provider, key_new("EC"); }
static void *ed25519_new(void *provider) { return (void)provider, key_new("ED25519"); }
static void *rsa_new(void *provider) { return (void)provider, key_new("RSA"); }
static void *rsa_pss_new(void *provider) { return (void)provider, key_new("RSA-PSS"); }

static void key_free(void *data) {
    struct key *key = data;
    if (key != NULL) EVP_PKEY_free(key->public_half);
    OPENSSL_free(key);
}

// Whoever asks for the private half is told that it is there: it is, but not here.
static int key_has(const void *data, int selection) {
    const struct key *key = data;
    (void)selection;
    return key != NULL && key->public_half != NULL;
}

static int key_match(const void *one, const void *other, int selection) {
    const struct key *a = one, *b = other;
    (void)selection;
    return a->public_half != NULL && b->public_half != NULL && EVP_PKEY_eq(a->public_half, b->public_half) == 1;
}

static int key_import(void *data, int selection, const OSSL_PARAM *parameters) {
    struct key *key = data;
    if ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0 || key->public_half != NULL) return 0;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, key->type, NULL);
    int result = context != NULL && EVP_PKEY_fromdata_init(context) == 1 &&
                 EVP_PKEY_fromdata(context, &key->public_half, EVP_PKEY_PUBLIC_KEY, (OSSL_PARAM *)parameters) == 1;
    EVP_PKEY_CTX_free(context);
    return result;
}

static const OSSL_PARAM *key_import_types(int selection) {
    static const OSSL_PARAM types[] = {
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0),
        OSSL_PARAM_END,
    };
    return (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0 ? NULL : types;
}

static int key_get(void *data, OSSL_PARAM *parameters) {
    struct key *key = data;
    return key->public_half != NULL && EVP_PKEY_get_params(key->public_half, parameters) == 1;
}

static const OSSL_PARAM *key_gettable(void *provider) {
    static const OSSL_PARAM known[] = {
        OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
        OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
        OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_DEFAULT_DIGEST, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_MANDATORY_DIGEST, NULL, 0),
        OSSL_PARAM_END,
    };
    return (void)provider, known;
}

static const char *ec_operation(int operation) { return operation == OSSL_OP_SIGNATURE ? "ECDSA" : NULL; }
static const char *ed25519_operation(int operation) { return operation == OSSL_OP_SIGNATURE ? "ED25519" : NULL; }
static const char *rsa_operation(int operation) { return operation == OSSL_OP_SIGNATURE ? "RSA" : NULL; }

#define KEYS(name, new, operation)                                                                                    \
    static const OSSL_DISPATCH name[] = {                                                                             \
        {OSSL_FUNC_KEYMGMT_NEW, (void (*)(void))new},                                                                 \
        {OSSL_FUNC_KEYMGMT_FREE, (void (*)(void))key_free},                                                           \
        {OSSL_FUNC_KEYMGMT_HAS, (void (*)(void))key_has},                                                             \
        {OSSL_FUNC_KEYMGMT_MATCH, (void (*)(void))key_match},                                                         \
        {OSSL_FUNC_KEYMGMT_IMPORT, (void (*)(void))key_import},                                                       \
        {OSSL_FUNC_KEYMGMT_IMPORT_TYPES, (void (*)(void))key_import_types},                                           \
        {OSSL_FUNC_KEYMGMT_GET_PARAMS, (void (*)(void))key_get},                                                      \
        {OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, (void (*)(void))key_gettable},                                            \
        {OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, (void (*)(void))operation},                                          \
        {0, NULL},                                                                                                    \
    }
KEYS(ec_keys, ec_new, ec_operation);
KEYS(ed25519_keys, ed25519_new, ed25519_operation);
KEYS(rsa_keys, rsa_new, rsa_operation);
KEYS(rsa_pss_keys, rsa_pss_new, rsa_operation);

static const OSSL_ALGORITHM key_kinds[] = {
    {"EC:id-ecPublicKey:1.2.840.10045.2.1", properties, ec_keys, NULL},
    {"ED25519:1.3.101.112", properties, ed25519_keys, NULL},
    {"RSA:rsaEncryption:1.2.840.113549.1.1.1", properties, rsa_keys, NULL},
    {"RSA-PSS:RSASSA-PSS:1.2.840.113549.1.1.10", properties, rsa_pss_keys, NULL},
    {NULL, NULL, NULL, NULL},
};

// Signatures.

struct operation {
    const struct key *key;
    int is_pss;
    int salt_is_digest;
};

static void *operation_new(void *provider, const char *query) {
    (void)provider;
    (void)query;
    return OPENSSL_zalloc(sizeof(struct operation));
}

static void operation_free(void *data) { OPENSSL_free(data); }

static int operation_set(void *data, const OSSL_PARAM *parameters) {
    struct operation *operation = data;
    const OSSL_PARAM *pad = OSSL_PARAM_locate_const(parameters, OSSL_SIGNATURE_PARAM_PAD_MODE);
    const OSSL_PARAM *salt = OSSL_PARAM_locate_const(parameters, OSSL_SIGNATURE_PARAM_PSS_SALTLEN);
    const char *text = NULL;
    int number = 0;
    if (pad != NULL) {
        if (pad->data_type == OSSL_PARAM_UTF8_STRING) {
            operation->is_pss = OSSL_PARAM_get_utf8_string_ptr(pad, &text) && strcmp(text, "pss") == 0;
        } else {
            operation->is_pss = OSSL_PARAM_get_int(pad, &number) && number == RSA_PKCS1_PSS_PADDING;
        }
        if (!operation->is_pss) return 0;
    }
    if (salt != NULL) {
        if (salt->data_type == OSSL_PARAM_UTF8_STRING) {
            operation->salt_is_digest = OSSL_PARAM_get_utf8_string_ptr(salt, &text) && strcmp(text, "digest") == 0;
        } else {
            operation->salt_is_digest = OSSL_PARAM_get_int(salt, &number) && number == RSA_PSS_SALTLEN_DIGEST;
        }
        if (!operation->salt_is_digest) return 0;
    }
    return 1;
}

static const OSSL_PARAM *operation_settable(void *data, void *provider) {
    static const OSSL_PARAM known[] = {
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL, 0),
        OSSL_PARAM_END,
    };
    (void)data;
    (void)provider;
    return known;
}

static int sign_begin(void *data, const char *digest, void *key, const OSSL_PARAM *parameters) {
    struct operation *operation = data;
    (void)digest;
    if (key != NULL) operation->key = key;
    return operation->key != NULL && operation->key->public_half != NULL && operation_set(data, parameters);
}

static int sign(void *data, unsigned char *signature, size_t *length, size_t capacity, const unsigned char *content,
                size_t count) {
    struct operation *operation = data;
    int most = EVP_PKEY_get_size(operation->key->public_half);
    if (most <= 0) return 0;
    if (signature == NULL) {
        *length = (size_t)most;
        return 1;
    }
    int is_rsa = strncmp(operation->key->type, "RSA", 3) == 0;
    size_t signed_bytes = 0;
    if (capacity > (size_t)most) capacity = (size_t)most;
    if (caller.sign != NULL && (!is_rsa || (operation->is_pss && operation->salt_is_digest))) {
        signed_bytes = caller.sign(caller.context, content, count, signature, capacity);
    }
    if (signed_bytes == 0 || signed_bytes > capacity) {
        ERR_raise(ERR_LIB_PROV, ERR_R_OPERATION_FAIL);
        return 0;
    }
    *length = signed_bytes;
    return 1;
}

static const OSSL_DISPATCH signatures[] = {
    {OSSL_FUNC_SIGNATURE_NEWCTX, (void (*)(void))operation_new},
    {OSSL_FUNC_SIGNATURE_FREECTX, (void (*)(void))operation_free},
    {OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, (void (*)(void))sign_begin},
    {OSSL_FUNC_SIGNATURE_DIGEST_SIGN, (void (*)(void))sign},
    {OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, (void (*)(void))operation_set},
    {OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, (void (*)(void))operation_settable},
    {0, NULL},
};

static const OSSL_ALGORITHM signature_kinds[] = {
    {"ECDSA", properties, signatures, NULL},
    {"ED25519:1.3.101.112", properties, signatures, NULL},
    {"RSA:rsaEncryption:1.2.840.113549.1.1.1", properties, signatures, NULL},
    {NULL, NULL, NULL, NULL},
};

// The provider and what it is reached by.

static const OSSL_ALGORITHM *query(void *provider, int operation, int *no_cache) {
    (void)provider;
    *no_cache = 0;
    switch (operation) {
    case OSSL_OP_KEYMGMT: return key_kinds;
    case OSSL_OP_SIGNATURE: return signature_kinds;
    default: return NULL;
    }
}

static int begin(const OSSL_CORE_HANDLE *core, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out, void **provider) {
    static const OSSL_DISPATCH functions[] = {
        {OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query},
        {0, NULL},
    };
    (void)in;
    *out = functions;
    *provider = (void *)core;
    return 1;
}

static OSSL_LIB_CTX *library_new(void) {
    OSSL_LIB_CTX *library = OSSL_LIB_CTX_new();
    if (library != NULL && OSSL_PROVIDER_add_builtin(library, "nlgate", begin) == 1 &&
        OSSL_PROVIDER_load(library, "default") != NULL && OSSL_PROVIDER_load(library, "nlgate") != NULL &&
        EVP_set_default_properties(library, "?provider!=nlgate") == 1) {
        return library;
    }
    OSSL_LIB_CTX_free(library);
    return NULL;
}

static OSSL_LIB_CTX *library;

static void library_once(void) { library = library_new(); }

OSSL_LIB_CTX *nlg_remote_library(void) {
    static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;
    return CRYPTO_THREAD_run_once(&once, library_once) == 1 ? library : NULL;
}

EVP_PKEY *nlg_remote_key_new(EVP_PKEY *public_half) {
    static const char *const types[] = {"EC", "ED25519", "RSA-PSS", "RSA"};
    OSSL_PARAM *parameters = NULL;
    EVP_PKEY *key = NULL;
    for (size_t i = 0; i < sizeof types / sizeof *types && key == NULL; i++) {
        if (EVP_PKEY_is_a(public_half, types[i]) != 1) continue;
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(nlg_remote_library(), types[i], properties);
        if (context == NULL || EVP_PKEY_todata(public_half, EVP_PKEY_PUBLIC_KEY, &parameters) != 1 ||
            EVP_PKEY_fromdata_init(context) != 1 ||
            EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1) {
            key = NULL;
        }
        OSSL_PARAM_free(parameters);
        EVP_PKEY_CTX_free(context);
        break;
    }
    return key;
}

int nlg_remote_handshake(SSL *ssl, nlg_remote_signer *signer, void *context, int *error) {
    ERR_clear_error();
    errno = 0;
    caller.sign = signer;
    caller.context = context;
    int result = SSL_do_handshake(ssl);
    caller.sign = NULL;
    caller.context = NULL;
    *error = errno;
    return result == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl, result);
}
