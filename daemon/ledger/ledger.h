// The ledger: an append-only list of blocks in LMDB, and the RFC 6962 tree over their headers. Knows no rules.
//
// A folder DIR holds data.mdb, lock.mdb (LMDB) and ledger.lock (one writer at a time). Tables, all with 8-byte
// big-endian block indexes as keys: `headers` (BlockHeader bytes), `bodies` (BlockBody bytes), `tree` (the leaf's hash,
// then the hashes of the subtrees that this leaf completes, 32 bytes each, lowest first); `texts`, with 8-byte
// big-endian sequence numbers as keys, of what lies beside the blocks and can be erased; `checkpoints` and `cosigned`,
// with 8-byte big-endian JST days as keys, of signed notes; and `meta` with "format" (uint32 big-endian,
// LEDGER_FORMAT).
//
// Of the checkpoints, and of the cosigned ones, the last of each JST day is kept: a new one takes the place of that of
// its day. The day of a checkpoint is that of its last block's time. The newest checkpoint, written in the same
// transaction as its blocks, is the last record of `checkpoints`.
//
// Which texts there must be, and their digests, stand in the blocks: whoever knows the rules checks them. An erased
// text's bytes may stay in unused parts of data.mdb until these are written again; what ledger_copy makes has none.
#pragma once

#include "ledger/note.h"
#include "proto/formats.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LEDGER_FORMAT = 3, LEDGER_ERROR_BYTES = 300 };

struct ledger;

// For people: what was wrong and what to do. Written by the functions below when they fail.
struct ledger_error {
    char message[LEDGER_ERROR_BYTES];
};

enum ledger_mode {
    LEDGER_WRITE, // the daemon: holds ledger.lock alone
    LEDGER_READ,  // auditors, on a ledger at rest or a copy: writes nothing, not even LMDB's lock file
    LEDGER_LIVE,  // to copy a ledger that a daemon may be writing: needs its rights, to be seen in LMDB's lock file;
                  // without them, a ledger at rest is opened as LEDGER_READ, and one in use is not
};

// A text of one of a block's transactions.
struct ledger_text {
    uint64_t sequence;
    const uint8_t *bytes;
    size_t size;
};

// A block before it is one. Pointers are borrowed for the call.
struct ledger_block {
    uint32_t rules_version;
    uint64_t first_sequence;
    uint32_t count;
    int64_t time; // Unix seconds
    const uint8_t *envelope;
    size_t envelope_size;
    const uint8_t *envelope_sha256; // HASH_BYTES; NULL: computed here
    const uint8_t *outcomes;
    size_t outcomes_size;
    const Points__V1__Signature *const *signatures;
    size_t signature_count;
    const struct ledger_text *texts; // stored with it, ascending
    size_t text_count;
    const uint64_t *erased_texts; // sequence numbers of texts, its own among them, that are erased with it
    size_t erased_count;
};

// Bytes as stored. Point into the database while the read that gave them is open.
struct ledger_record {
    const uint8_t *header, *envelope, *outcomes;
    size_t header_size, envelope_size, outcomes_size;
};

// Makes DIR (which may exist, but no ledger in it) and block 0 of the genesis; syncs the files and both folders before
// it returns. The genesis must be canonical; its rules and signatures are the caller's to check. There is no checkpoint
// yet: whoever creates a ledger does not hold the daemon's key. Block 0 has first_sequence 1 and no transactions.
bool ledger_create(const char *dir, const uint8_t *genesis, size_t genesis_size,
    const Points__V1__Signature *const *signatures, size_t signature_count, struct ledger_error *error);

// Opens a ledger; NULL on failure (none there, another format, in use by another process, records missing). The caller
// closes it. The lock belongs to the open file: a forked child that lives on holds it too.
struct ledger *ledger_open(const char *dir, enum ledger_mode mode, struct ledger_error *error);
// Whether there is a file that could be a ledger's.
bool ledger_is_in(const char *dir);
void ledger_close(struct ledger *ledger);

uint64_t ledger_size(const struct ledger *ledger);     // blocks that are durable; thread-safe
const uint8_t *ledger_id(const struct ledger *ledger); // HASH_BYTES: the leaf hash of block 0

// The 1 to NOTE_SIGNERS_MAX signers of checkpoints, from now on; must be set before ledger_append, by the thread that
// appends. They are borrowed for the ledger's life.
void ledger_set_signers(struct ledger *ledger, const struct note_signer *const *signers, size_t count);

// Appends blocks with the next indexes and makes them durable, all or none: one LMDB transaction, one checkpoint. One
// thread at a time. No blocks: only a new checkpoint is signed, as a daemon does when it starts (the first one, or
// after a change of key). False: the commit failed, nothing can be said about the disk, and the process must leave.
bool ledger_append(struct ledger *ledger, const struct ledger_block *blocks, size_t count, struct ledger_error *error);

// Keeps a cosigned checkpoint of a JST day in place of the one before, durably. For the thread that appends, with no
// reading open. Whether it is one is the caller's to know. False: as ledger_append.
bool ledger_keep_cosigned(struct ledger *ledger, uint64_t day, const char *note, struct ledger_error *error);

// ---- a ledger that another one's blocks are copied into

// Blocks of another ledger, byte for byte with its headers, then its checkpoint over them: one LMDB transaction, which
// one thread holds open. `error` is borrowed until its end. Once a call has failed the others do nothing and fail.
// 1: done; 0: refused, `error` says what is wrong with what was given; -1: the ledger could not be written.
struct ledger_mirroring;
struct ledger_mirroring *ledger_mirror_begin(struct ledger *ledger, struct ledger_error *error); // NULL: it failed
// The next block. Its header must have the number that comes next and follow the block before, and give the hashes of
// envelope and outcomes. Texts that come with it, which are ascending and after all others, are stored; of those that
// it erases, the ones that are there go.
int ledger_mirror_block(struct ledger_mirroring *mirroring, const struct ledger_record *record,
    const struct ledger_text *texts, size_t text_count, const uint64_t *erased_texts, size_t erased_count);
uint64_t ledger_mirror_size(const struct ledger_mirroring *mirroring); // with the blocks that were put
// Ends it: all or nothing is durable. Refused unless one of the verifiers at least signed the note, and for just these
// blocks. What is kept of it are their lines.
int ledger_mirror_commit(
    struct ledger_mirroring *mirroring, const char *note, const struct note_verifier *verifiers, size_t count);
void ledger_mirror_abort(struct ledger_mirroring *mirroring); // NULL is allowed

// A copy of what the ledger holds at this moment, made new, record by record, in DIR, which exists and has no ledger in
// it; synced. The ledger may be LEDGER_LIVE, and go on growing: blocks are never changed, so they are read in many
// short readings up to the size that the first one saw, and no old pages are pinned for long. When it fails, DIR has
// files in it that are no ledger. A copy holds what the ledger holds and nothing that was erased.
bool ledger_copy(struct ledger *ledger, const char *dir, struct ledger_error *error);

// The root over all blocks. For the thread that appends.
void ledger_root(const struct ledger *ledger, uint8_t root[HASH_BYTES]);
// The root over the first so many blocks, which are durable. Thread-safe.
bool ledger_root_at(struct ledger *ledger, uint64_t blocks, uint8_t root[HASH_BYTES], struct ledger_error *error);
// Whether the first so many blocks are there and have this root. Thread-safe.
bool ledger_has_root(struct ledger *ledger, uint64_t blocks, const uint8_t root[HASH_BYTES]);

// Bytes that may still be appended before the map or the file system is full. Thread-safe.
bool ledger_room(struct ledger *ledger, uint64_t *bytes, struct ledger_error *error);

// Reading. Any thread; one `struct ledger_reading` a thread at a time, open only for the moment (it pins old pages),
// ended by the thread that began it.
struct ledger_reading;
struct ledger_reading *ledger_read_begin(struct ledger *ledger, struct ledger_error *error);
void ledger_read_end(struct ledger_reading *reading);
uint64_t ledger_read_size(const struct ledger_reading *reading); // blocks that this reading sees
// 1: found; 0: no such block; -1: error, and `record` has of header and body what could be read, else zeros.
int ledger_read_block(
    struct ledger_reading *reading, uint64_t index, struct ledger_record *record, struct ledger_error *error);
// Where a transaction stands.
struct ledger_place {
    struct ledger_record record;
    uint64_t block, position; // in the envelope, from 0
    uint64_t count;           // of the block's transactions
    int64_t time;             // of the block
};

// Finds the block that holds a transaction's sequence number among the first `blocks` (ledger_read_size: all), by
// bisection of their headers. As ledger_read_block.
int ledger_read_sequence(struct ledger_reading *reading, uint64_t blocks, uint64_t sequence, struct ledger_place *place,
    struct ledger_error *error);
// The text of the transaction with a sequence number, into the database while the reading is open. As
// ledger_read_block.
int ledger_read_text(
    struct ledger_reading *reading, uint64_t sequence, struct ledger_text *text, struct ledger_error *error);
// The first text from a sequence number on, in the same way.
int ledger_read_text_from(
    struct ledger_reading *reading, uint64_t sequence, struct ledger_text *text, struct ledger_error *error);
// The texts of a block's transactions that are there, ascending, into `texts` of ENVELOPE_TRANSACTIONS_MAX; as many as
// are returned, -1: error.
int ledger_read_texts_of(
    struct ledger_reading *reading, uint64_t index, struct ledger_text *texts, struct ledger_error *error);
bool ledger_read_text_count(struct ledger_reading *reading, uint64_t *count, struct ledger_error *error);
// Where the ledger stood when it had so many blocks, 1 to ledger_read_size.
struct ledger_tip {
    uint64_t sequence; // number of its last transaction; 0: none
    int64_t time;      // of its last block
    uint64_t day;      // JST, of that time
};
bool ledger_read_tip(
    struct ledger_reading *reading, uint64_t blocks, struct ledger_tip *tip, struct ledger_error *error);
// The newest checkpoint, NUL-terminated, into `note` of NOTE_BYTES_MAX.
bool ledger_read_checkpoint(struct ledger_reading *reading, char *note, struct ledger_error *error);

// What is kept.
enum ledger_kept { LEDGER_CHECKPOINTS, LEDGER_COSIGNED, LEDGER_KEPT };
// The newest one that is kept of at most so many blocks. As ledger_read_block.
int ledger_read_kept(
    struct ledger_reading *reading, enum ledger_kept kept, uint64_t blocks, char *note, struct ledger_error *error);
// The first one that is kept of `*day` or a later day, which becomes `*day`. As ledger_read_block.
int ledger_read_kept_day(
    struct ledger_reading *reading, enum ledger_kept kept, uint64_t *day, char *note, struct ledger_error *error);

// Hashes of the tree, for the proofs of tree.h: `level` 0 are leaves, `position` counts from the left. 32 bytes into
// `hash`.
bool ledger_read_node(struct ledger_reading *reading, unsigned level, uint64_t position, uint8_t hash[HASH_BYTES],
    struct ledger_error *error);
// The same for tree.h itself (tree_node_fn), where it matters only that a hash is not to be had.
bool ledger_tree_node(void *reading, unsigned level, uint64_t position, uint8_t hash[HASH_BYTES]);

// The edge of the tree over the first so many blocks, as the tree's records have it; `edge` is for ledger_check_place.
struct tree_edge;
bool ledger_read_edge(
    struct ledger_reading *reading, uint64_t blocks, struct tree_edge *edge, struct ledger_error *error);

// A stored block checked in three parts, of which the first two look at nothing but its bytes, so that blocks can be
// checked side by side. False: `error` names the fault.
//
// What a header says of its place.
struct ledger_heading {
    uint64_t index, first_sequence;
    uint32_t count;
    int64_t time;
    uint8_t leaf[HASH_BYTES];
};

// Form and version of a header, and that it says that it is block `index`. The leaf's hash is there even if it fails.
bool ledger_check_header(
    const struct ledger_record *record, uint64_t index, struct ledger_heading *heading, struct ledger_error *error);
// That envelope and outcomes have the hashes that the header, which holds, gives.
bool ledger_check_body(const struct ledger_record *record, uint64_t index, struct ledger_error *error);
// That sequence numbers follow on from the block before it (NULL: genesis, or that is not known), that time does not go
// back, and that the tree's stored hashes are those of the leaves. `edge` is the running tree of the blocks before this
// one, and takes it in, even if it fails.
bool ledger_check_place(struct ledger_reading *reading, const struct ledger_heading *heading,
    const struct ledger_heading *before, struct tree_edge *edge, struct ledger_error *error);

// After the last block: size and root against the newest checkpoint, signed by one of these verifiers at least. A
// ledger that holds genesis alone may have no checkpoint yet.
bool ledger_check_end(struct ledger_reading *reading, const struct tree_edge *edge,
    const struct note_verifier *verifiers, size_t count, struct ledger_error *error);
// A kept note: that it speaks of so many blocks, which are checked already, with the root of the tree over them, and is
// signed by one of these verifiers at least.
bool ledger_check_kept(struct ledger_reading *reading, const char *note, uint64_t blocks,
    const struct note_verifier *verifiers, size_t count, struct ledger_error *error);
// That the tables hold what was found in them and nothing else, as far as their structure goes: each is gone through
// from end to end. One thread at a time.
bool ledger_check_tables(struct ledger_reading *reading, struct ledger_error *error);
