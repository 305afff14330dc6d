// An OpenSSL provider whose private keys are somewhere else: it knows the public half, and whoever runs the handshake
// signs.
#pragma once
#include <openssl/types.h>
#include <stddef.h>
#include <stdint.h>

// Signs count bytes; returns the length of the signature, at most capacity, or 0 for none.
typedef size_t nlg_remote_signer(void *_Nullable context, const uint8_t *_Nonnull content, size_t count,
                                 uint8_t *_Nonnull signature, size_t capacity);

// A library context with OpenSSL's default provider and this one, made once in a process and never freed; NULL when
// memory is short.
OSSL_LIB_CTX *_Nullable nlg_remote_library(void);

// A key of that context with this public half (EC, Ed25519, RSA or RSA-PSS); NULL for another kind.
EVP_PKEY *_Nullable nlg_remote_key_new(EVP_PKEY *_Nonnull public_half);

// SSL_do_handshake, with a signer for the time of the call; the result is SSL_get_error's, *error is errno.
int nlg_remote_handshake(SSL *_Nonnull ssl, nlg_remote_signer *_Nonnull signer, void *_Nullable context,
                         int *_Nonnull error);
