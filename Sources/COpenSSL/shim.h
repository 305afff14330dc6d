// OpenSSL for Swift: its headers, and what Swift can't call by itself (function-like macros, expressions as flags).
#pragma once
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

// A BIO over a socket that belongs to somebody else. It differs from OpenSSL's own in using send with MSG_NOSIGNAL, so
// that a peer that went away can't kill a program by SIGPIPE.

static inline int nlg_bio_write(BIO *_Nonnull bio, const char *_Nonnull bytes, size_t count, size_t *_Nonnull done) {
    ssize_t sent = send((int)(intptr_t)BIO_get_data(bio), bytes, count, MSG_NOSIGNAL);
    BIO_clear_retry_flags(bio);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
    *done = sent > 0 ? (size_t)sent : 0;
    return sent > 0;
}

static inline int nlg_bio_read(BIO *_Nonnull bio, char *_Nonnull bytes, size_t count, size_t *_Nonnull done) {
    ssize_t received = recv((int)(intptr_t)BIO_get_data(bio), bytes, count, 0);
    BIO_clear_retry_flags(bio);
    if (received < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
    if (received == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    *done = received > 0 ? (size_t)received : 0;
    return received > 0;
}

static inline long nlg_bio_control(BIO *_Nonnull bio, int command, long number, void *_Nullable pointer) {
    (void)number;
    (void)pointer;
    if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
    return command == BIO_CTRL_FLUSH;
}

// The method that nlg_bio_new takes; made once in a process, never freed.
static inline BIO_METHOD *_Nullable nlg_bio_method(void) {
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "borrowed socket");
    if (method == NULL) return NULL;
    BIO_meth_set_write_ex(method, nlg_bio_write);
    BIO_meth_set_read_ex(method, nlg_bio_read);
    BIO_meth_set_ctrl(method, nlg_bio_control);
    return method;
}

static inline BIO *_Nullable nlg_bio_new(const BIO_METHOD *_Nonnull method, int fd) {
    BIO *bio = BIO_new(method);
    if (bio == NULL) return NULL;
    BIO_set_data(bio, (void *)(intptr_t)fd);
    BIO_set_init(bio, 1);
    return bio;
}

// One step of a connection: the result is SSL_get_error's, *error the errno that goes with SSL_ERROR_SYSCALL.

static inline int nlg_ssl_result(const SSL *_Nonnull ssl, int result, int *_Nonnull error) {
    *error = errno;
    return result == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl, result);
}

static inline int nlg_ssl_handshake(SSL *_Nonnull ssl, int *_Nonnull error) {
    ERR_clear_error();
    errno = 0;
    return nlg_ssl_result(ssl, SSL_do_handshake(ssl), error);
}

static inline int nlg_ssl_read(SSL *_Nonnull ssl, void *_Nonnull bytes, size_t count, size_t *_Nonnull done,
                               int *_Nonnull error) {
    ERR_clear_error();
    errno = 0;
    return nlg_ssl_result(ssl, SSL_read_ex(ssl, bytes, count, done), error);
}

static inline int nlg_ssl_write(SSL *_Nonnull ssl, const void *_Nonnull bytes, size_t count, size_t *_Nonnull done,
                                int *_Nonnull error) {
    ERR_clear_error();
    errno = 0;
    return nlg_ssl_result(ssl, SSL_write_ex(ssl, bytes, count, done), error);
}

// Settings that are macros in C.

static inline int nlg_ctx_set_tls13_only(SSL_CTX *_Nonnull context) {
    return SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1;
}

static inline int nlg_ctx_set_groups(SSL_CTX *_Nonnull context, const char *_Nonnull list) {
    return SSL_CTX_set1_groups_list(context, list) == 1;
}

// What this server signs with, and what its clients and their CAs may sign with.
static inline int nlg_ctx_set_signatures(SSL_CTX *_Nonnull context, const char *_Nonnull own,
                                         const char *_Nonnull clients) {
    return SSL_CTX_set1_sigalgs_list(context, own) == 1 && SSL_CTX_set1_client_sigalgs_list(context, clients) == 1;
}

static inline void nlg_ctx_set_options(SSL_CTX *_Nonnull context) {
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
}

// Without AUTO_RETRY a read returns after each record, so that a peer's KeyUpdates can't hold an event loop.
static inline void nlg_ctx_set_modes(SSL_CTX *_Nonnull context) {
    SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
    // One recv() for a record instead of one for its header and one for its body.
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
}

static inline void nlg_ctx_set_no_sessions(SSL_CTX *_Nonnull context) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}

static inline void nlg_ctx_set_max_cert_list(SSL_CTX *_Nonnull context, long bytes) {
    SSL_CTX_set_max_cert_list(context, bytes);
}

// 1 when the context's own certificate, helped by the chain that it presents, leads to a certificate of the store.
static inline int nlg_ctx_own_chain_leads_to(SSL_CTX *_Nonnull context, X509_STORE *_Nonnull store) {
    STACK_OF(X509) *chain = NULL;
    SSL_CTX_get0_chain_certs(context, &chain);
    X509_STORE_CTX *search = X509_STORE_CTX_new();
    int found = search != NULL && X509_STORE_CTX_init(search, store, SSL_CTX_get0_certificate(context), chain) == 1 &&
                X509_verify_cert(search) == 1;
    X509_STORE_CTX_free(search);
    return found;
}

static inline int nlg_ctx_add_chain(SSL_CTX *_Nonnull context, X509 *_Nonnull certificate) {
    return SSL_CTX_add1_chain_cert(context, certificate) == 1;
}

static inline int nlg_ssl_set_server_name(SSL *_Nonnull ssl, const char *_Nonnull name) {
    return SSL_set_tlsext_host_name(ssl, name) == 1;
}

static const unsigned long nlg_name_flags = XN_FLAG_RFC2253;
static const uint64_t nlg_init_options = OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_LOAD_CRYPTO_STRINGS |
                                         OPENSSL_INIT_LOAD_SSL_STRINGS | OPENSSL_INIT_ADD_ALL_CIPHERS |
                                         OPENSSL_INIT_ADD_ALL_DIGESTS;

// Unix seconds of an ASN.1 time; 0 when it can't be read.
static inline int nlg_time_seconds(const ASN1_TIME *_Nonnull time, int64_t *_Nonnull seconds) {
    struct tm parts;
    if (ASN1_TIME_to_tm(time, &parts) != 1) return 0;
    *seconds = timegm(&parts);
    return 1;
}

// Making certificates.

static inline EVP_PKEY *_Nullable nlg_generate_p256(void) {
    return EVP_EC_gen("P-256");
}

// A name for a subjectAltName extension: type is GEN_DNS, GEN_URI, GEN_EMAIL or GEN_IPADD.
static inline int nlg_names_add(GENERAL_NAMES *_Nonnull names, int type, const uint8_t *_Nonnull bytes, int count) {
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_STRING *value = type == GEN_IPADD ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();
    if (name == NULL || value == NULL || ASN1_STRING_set(value, bytes, count) != 1) {
        GENERAL_NAME_free(name);
        ASN1_STRING_free(value);
        return 0;
    }
    GENERAL_NAME_set0_value(name, type, value);
    if (sk_GENERAL_NAME_push(names, name) > 0) return 1;
    GENERAL_NAME_free(name);
    return 0;
}

// Adds an extension in the notation of OpenSSL's configuration file; value must be a constant, never foreign text.
static inline int nlg_add_extension(X509 *_Nonnull subject, X509 *_Nonnull issuer, int nid,
                                    const char *_Nonnull value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, subject, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    int result = extension != NULL && X509_add_ext(subject, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return result;
}

static inline int nlg_crl_add_issuer_key(X509_CRL *_Nonnull list, X509 *_Nonnull issuer) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, NULL, NULL, list, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, NID_authority_key_identifier, "keyid:always");
    int result = extension != NULL && X509_CRL_add_ext(list, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return result;
}

// Adds one entry, revoked at that time; a reason below 0 is none, others are numbers of RFC 5280, section 5.3.1.
static inline int nlg_crl_add(X509_CRL *_Nonnull list, const BIGNUM *_Nonnull serial, const ASN1_TIME *_Nonnull time,
                              int reason) {
    X509_REVOKED *entry = X509_REVOKED_new();
    ASN1_INTEGER *number = BN_to_ASN1_INTEGER(serial, NULL);
    ASN1_ENUMERATED *code = ASN1_ENUMERATED_new();
    int result = entry != NULL && number != NULL && X509_REVOKED_set_serialNumber(entry, number) == 1 &&
                 X509_REVOKED_set_revocationDate(entry, (ASN1_TIME *)time) == 1;
    if (result && reason >= 0) {
        result = code != NULL && ASN1_ENUMERATED_set(code, reason) == 1 &&
                 X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, code, 0, 0) == 1;
    }
    if (result) result = X509_CRL_add0_revoked(list, entry) == 1;
    if (!result) X509_REVOKED_free(entry);
    ASN1_INTEGER_free(number);
    ASN1_ENUMERATED_free(code);
    return result;
}

// The number of a list; -1 when it has none that fits.
static inline int64_t nlg_crl_number(const X509_CRL *_Nonnull list) {
    int64_t value = -1;
    ASN1_INTEGER *number = X509_CRL_get_ext_d2i(list, NID_crl_number, NULL, NULL);
    if (number == NULL || ASN1_INTEGER_get_int64(&value, number) != 1) value = -1;
    ASN1_INTEGER_free(number);
    return value;
}

static inline int nlg_crl_count(X509_CRL *_Nonnull list) {
    return sk_X509_REVOKED_num(X509_CRL_get_REVOKED(list));
}

// A key as PKCS #8, encrypted by AES-256-CBC under PBKDF2 with HMAC-SHA-256.
static inline int nlg_write_encrypted_key(BIO *_Nonnull bio, const EVP_PKEY *_Nonnull key,
                                          const uint8_t *_Nonnull passphrase, int length, int iterations) {
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
    X509_ALGOR *scheme = PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), iterations, NULL, 16, NULL, NID_hmacWithSHA256);
    X509_SIG *sealed = NULL;
    if (info != NULL && scheme != NULL) {
        sealed = PKCS8_set0_pbe((const char *)passphrase, length, info, scheme);
    }
    int result = sealed != NULL && PEM_write_bio_PKCS8(bio, sealed) == 1;
    if (sealed == NULL) X509_ALGOR_free(scheme);
    X509_SIG_free(sealed);
    PKCS8_PRIV_KEY_INFO_free(info);
    return result;
}

struct nlg_passphrase {
    const uint8_t *_Nonnull bytes;
    int count;
};

static inline int nlg_give_passphrase(char *_Nonnull buffer, int size, int writing, void *_Nullable passphrase) {
    const struct nlg_passphrase *given = passphrase;
    (void)writing;
    if (given == NULL || given->count > size) return -1;
    memcpy(buffer, given->bytes, (size_t)given->count);
    return given->count;
}

// The private key of a PEM text that may be encrypted.
static inline EVP_PKEY *_Nullable nlg_read_encrypted_key(BIO *_Nonnull bio, const uint8_t *_Nonnull passphrase,
                                                         int count) {
    struct nlg_passphrase given = {passphrase, count};
    return PEM_read_bio_PrivateKey(bio, NULL, nlg_give_passphrase, &given);
}

static inline int nlg_contains(const void *_Nonnull text, size_t count, const uint8_t *_Nonnull word, size_t size) {
    const uint8_t *bytes = text;
    for (size_t at = 0; at + size <= count; at++) {
        if (memcmp(bytes + at, word, size) == 0) return 1;
    }
    return 0;
}
