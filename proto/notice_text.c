#include "proto/notice_text.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 3, 4))) static bool wrong(
    struct canonical_fault *fault, const char *field, const char *problem, ...)
{
    va_list arguments;
    snprintf(fault->field, sizeof fault->field, "%s", field);
    va_start(arguments, problem);
    vsnprintf(fault->problem, sizeof fault->problem, problem, arguments);
    va_end(arguments);
    return false;
}

static bool one_each(const Points__V1__Envelope *envelope, size_t count, struct canonical_fault *fault)
{
    size_t notices = 0;
    for (size_t i = 0; i < envelope->n_transactions; i++)
        notices += envelope->transactions[i]->body_case == TRANSACTION(POST_NOTICE);
    if (count == notices)
        return true;
    return wrong(fault, "texts", "has %zu entr%s, the envelope has %zu PostNotice%s: each comes with its text", count,
        count == 1 ? "y" : "ies", notices, notices == 1 ? "" : "s");
}

static bool is_canonical(const ProtobufCBinaryData *text, const char *field, struct canonical_fault *fault)
{
    struct canonical_fault inner;
    char path[sizeof fault->field];
    if (!canonical_check(&points__v1__notice_text__descriptor, text->data, text->len, &inner))
        return true;
    snprintf(path, sizeof path, "%s%s%.100s", field, inner.field[0] ? "." : "", inner.field);
    return wrong(fault, path, "%s", inner.problem);
}

bool notice_link_is_sound(const char *link)
{
    size_t scheme = !strncmp(link, "https://", 8) ? 8 : !strncmp(link, "http://", 7) ? 7 : 0;
    for (const char *at = link; *at; at++)
        if (*at <= ' ' || *at > '~')
            return false;
    return scheme && link[scheme];
}

static bool check_link(const char *link, const char *field, struct canonical_fault *fault)
{
    char path[sizeof fault->field];
    if (!*link || notice_link_is_sound(link))
        return true;
    snprintf(path, sizeof path, "%s.link", field);
    return wrong(fault, path, "is not https:// or http:// and more, in printable ASCII without blanks");
}

// What the canonical form does not say.
static bool is_sound(const ProtobufCBinaryData *bytes, const char *field, struct canonical_fault *fault)
{
    Points__V1__NoticeText *text = points__v1__notice_text__unpack(NULL, bytes->len, bytes->data);
    if (!text)
        return wrong(fault, field, "cannot be read");
    bool ascend = true;
    for (size_t i = 1; i < text->n_versions && ascend; i++)
        ascend = strcmp(text->versions[i - 1]->language, text->versions[i]->language) < 0;
    bool sound = ascend ? check_link(text->link, field, fault)
                        : wrong(fault, field, "has languages that do not ascend, or one that comes twice");
    points__v1__notice_text__free_unpacked(text, NULL);
    return sound;
}

static bool has_digest(const ProtobufCBinaryData *text, const char *field, size_t position,
    const ProtobufCBinaryData *expected, struct canonical_fault *fault)
{
    uint8_t digest[HASH_BYTES];
    crypto_hash_sha256(digest, text->data, text->len);
    return memcmp(digest, expected->data, HASH_BYTES) == 0 ||
           wrong(fault, field, "is not the text whose SHA-256 transactions[%zu] gives", position);
}

bool notice_texts_check(const Points__V1__Envelope *envelope, const Points__V1__SignedEnvelope *signed_envelope,
    struct canonical_fault *fault)
{
    const ProtobufCBinaryData *text = signed_envelope->texts;
    if (!one_each(envelope, signed_envelope->n_texts, fault))
        return false;
    for (size_t i = 0; i < envelope->n_transactions; i++) {
        const Points__V1__Transaction *transaction = envelope->transactions[i];
        char field[32];
        if (transaction->body_case != TRANSACTION(POST_NOTICE))
            continue;
        snprintf(field, sizeof field, "texts[%zu]", (size_t)(text - signed_envelope->texts));
        if (!is_canonical(text, field, fault) || !is_sound(text, field, fault) ||
            !has_digest(text, field, i, &transaction->post_notice->text_sha256, fault))
            return false;
        text++;
    }
    return true;
}
