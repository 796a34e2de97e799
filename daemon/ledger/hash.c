// SHA-256 by OpenSSL, with the algorithm fetched once and a context a thread: that is what makes short messages fast.
#include "ledger/hash.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static EVP_MD *sha256;
static pthread_key_t context_key; // only to free a thread's context when it ends
static _Thread_local EVP_MD_CTX *context;

static void free_context(void *value)
{
    EVP_MD_CTX_free(value);
}

static void fetch(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (!sha256 || pthread_key_create(&context_key, free_context))
        abort();
}

static void make_context(void)
{
    pthread_once(&once, fetch);
    context = EVP_MD_CTX_new();
    if (!context || pthread_setspecific(context_key, context))
        abort();
}

static void begin(void)
{
    if (!context)
        make_context();
    if (!EVP_DigestInit_ex2(context, sha256, NULL))
        abort();
}

static void add(const void *bytes, size_t size)
{
    if (!EVP_DigestUpdate(context, bytes, size))
        abort();
}

static void end(uint8_t hash[HASH_BYTES])
{
    if (!EVP_DigestFinal_ex(context, hash, NULL))
        abort();
}

void hash_bytes(const uint8_t *bytes, size_t size, uint8_t hash[HASH_BYTES])
{
    begin();
    add(bytes, size);
    end(hash);
}

void hash_leaf(const uint8_t *bytes, size_t size, uint8_t hash[HASH_BYTES])
{
    begin();
    add("\x00", 1);
    add(bytes, size);
    end(hash);
}

void hash_node(const uint8_t left[HASH_BYTES], const uint8_t right[HASH_BYTES], uint8_t hash[HASH_BYTES])
{
    begin();
    add("\x01", 1);
    add(left, HASH_BYTES);
    add(right, HASH_BYTES);
    end(hash);
}
