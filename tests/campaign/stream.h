// The way to the daemon: transactions collected in envelopes, signed, sent with several under way, and each answer held
// against what was expected. Everything goes over one connection, which keeps the order; so block, sequence number and
// time are known beforehand. Whatever differs ends the process with a message that says what and where.
#pragma once

#include "tests/campaign/model.h"
#include "tools/client.h"

struct stream;

enum signers { BY_APP, BY_WAON, BY_OPERATOR, BY_TWO_OPERATORS, BY_MUNICIPALITY };

enum { STREAM_TYPES = TRANSACTION(ERASE_NOTICE) + 1, STREAM_CODES = OUTCOME(NOTICE_ERASED) + 1 };

// Takes keys and socket from a folder made by `points init`. The ledger must be new and SCRIPTED. The model's seed
// decides which envelopes are sent twice.
struct stream *stream_open(const char *dir, const struct model *model);
void stream_close(struct stream *stream);

// The sequence number that the next transaction will have, if these sign it. Sends what does not belong in one envelope
// with it.
uint64_t stream_next(struct stream *stream, enum signers signers);
uint64_t stream_next_of(struct stream *stream, uint8_t municipality); // likewise, if this one signs it
// Adds the transaction that stream_next spoke of.
void stream_add(struct stream *stream, const Points__V1__Transaction *transaction, struct expected expected);
// The same for bytes that were decided before, under `sequence`, with the outcome `original`.
void stream_add_again(
    struct stream *stream, const Points__V1__Transaction *transaction, uint64_t sequence, struct expected original);
void stream_flush(struct stream *stream);                               // sends what was added
void stream_send_text(struct stream *stream, ProtobufCBinaryData text); // sends a PostNotice with its text
// Sends a SetTime by itself; block time is `time` from then on.
void stream_set_time(struct stream *stream, const Points__V1__Transaction *set_time, int64_t time);
// Sends what is left and waits for every answer.
void stream_finish(struct stream *stream);

// For queries when nothing is under way: an operator's session.
struct client *stream_session(struct stream *stream);
// What was answered, by transaction type and outcome code.
uint64_t stream_count(const struct stream *stream, int type, int code);
uint64_t stream_blocks(const struct stream *stream);       // in the ledger
uint64_t stream_transactions(const struct stream *stream); // recorded
