// Short names for what protoc-c generates, and the sizes that the formats give.
#pragma once

#include "proto/api.pb-c.h"

#define OUTCOME(name) POINTS__V1__OUTCOME_CODE__##name
#define REFUSAL(name) POINTS__V1__REFUSAL__##name
#define ROLE(name) POINTS__V1__ROLE__##name
#define POLICY(name) POINTS__V1__POLICY__##name
#define PERIOD(name) POINTS__V1__PERIOD__##name
#define TIME_SOURCE(name) POINTS__V1__TIME_SOURCE__##name
#define TRANSACTION(name) POINTS__V1__TRANSACTION__BODY_##name
#define ACCOUNT_STATUS(name) POINTS__V1__ACCOUNT_STATUS__##name
#define EXPIRY(name) POINTS__V1__EXPIRY_KIND__##name
#define UNIT(name) POINTS__V1__TOTALS_UNIT__##name
#define GROUP(name) POINTS__V1__TOTALS_GROUP__##name
#define REQUEST(name) POINTS__V1__REQUEST__BODY_##name
#define RESPONSE(name) POINTS__V1__RESPONSE__BODY_##name

typedef Points__V1__OutcomeCode outcome_code;
typedef Points__V1__Refusal refusal_code;
typedef Points__V1__Role role_code;
typedef Points__V1__Transaction__BodyCase transaction_type;

enum {
    ID_BYTES = 16,        // of transactions and accounts
    KEY_BYTES = 32,       // an Ed25519 public key
    SIGNATURE_BYTES = 64, // Ed25519
    HASH_BYTES = 32,      // SHA-256
    NONCE_BYTES = 32,     // of a session

    ENVELOPE_BYTES_MAX = 52000,
    ENVELOPE_TRANSACTIONS_MAX = 1000,
    SIGNATURES_MAX = 4,
    HEADER_BYTES_MAX = 1024,
    GENESIS_MUNICIPALITIES_MAX = 100,
    GENESIS_KEYS_MAX = 100,
    RECEIPT_STEPS_MAX = 20,
    NOTICE_TEXT_BYTES_MAX = 8000,
    NOTICE_VERSIONS_MAX = 10,
    NOTICE_LANGUAGE_BYTES_MAX = 20,
    NOTICE_TITLE_BYTES_MAX = 200,
    NOTICE_PARAGRAPHS_MAX = 50,
    NOTICE_PARAGRAPH_BYTES_MAX = 2000,
    NOTICE_LINK_BYTES_MAX = 500,
    REQUEST_BYTES_MAX = 64 * 1024,
    RESPONSE_BYTES_MAX = 128 * 1024,
};
