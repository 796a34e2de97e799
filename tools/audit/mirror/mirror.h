// An auditor's mirror of a daemon's ledger: a ledger of its own, into which the daemon's blocks are copied byte for
// byte, each up to a checkpoint that the daemon signed, and checked by the same replay as any ledger.
#pragma once

#include "tools/audit/audit.h"
#include "tools/client.h"

#include <signal.h>

enum mirror_result {
    MIRROR_SAME,    // the daemon has no more than we
    MIRROR_GREW,    // blocks came, and hold
    MIRROR_STOPPED, // as *stop says
    MIRROR_LOST,    // no daemon, or no answer; later it may do: `error` says
    MIRROR_REFUSED, // the daemon does not let us; later it will not either
    MIRROR_ALARM,   // `alarm` says
};

// What an honest daemon never does.
struct mirror_alarm {
    const char *name; // FORK, SHRUNK, WRONG_SIGNATURE, WRONG_BLOCK, OTHER_LEDGER
    char message[REPLAY_FAULT_BYTES + 400];
};

// A signed checkpoint that was seen.
struct mirror_seen {
    struct note_checkpoint checkpoint;
    bool proven;               // by a key that we know; another may be registered in the blocks that it speaks of
    char note[NOTE_BYTES_MAX]; // "": genesis alone, unsigned
};

struct mirror_notice; // mirror_fetch.c

struct mirror {
    const char *dir;
    const struct keyfile *key;
    const volatile sig_atomic_t *stop;
    struct ledger *ledger; // NULL: not there yet, nor is what follows
    struct replay replay;
    struct mirror_seen newest; // every later one must extend it
    struct mirror_seen proven; // the newest one that is; `newest` in most cases
    uint64_t lag_blocks;       // that the daemon had more when it last gave some
    struct tool_error error;
    struct mirror_alarm alarm;

    // Of what is being fetched; it is kept while the connection is lost.
    struct ledger_mirroring *mirroring; // NULL: nothing is
    struct ledger_error ledger_error;   // the one it borrows
    struct mirror_notice *notices;      // posted meanwhile
    size_t notice_count, notice_capacity;
    struct note_verifier *verifiers; // who may sign the checkpoint over the blocks so far
    size_t verifier_count, verifier_capacity;
    struct arena arena; // of one block
};

// Opens the mirror in the folder, if there is one, and checks all of it; what does not hold is told, and the process
// leaves.
void mirror_open(struct mirror *mirror, struct audit *audit);
void mirror_close(struct mirror *mirror);

// A connection just made: is it to our ledger? Of a mirror that is not there yet the genesis is fetched; `ledger_id`
// (NULL: any) is what it must be.
enum mirror_result mirror_meet(struct mirror *mirror, struct client *client, const uint8_t *ledger_id);
// Looks at the daemon's newest checkpoint, gets what is missing, and checks it.
enum mirror_result mirror_catch_up(struct mirror *mirror, struct client *client);

// ---- for mirror_fetch.c

// Puts it down; returns MIRROR_ALARM.
enum mirror_result mirror_raise(struct mirror *mirror, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
// The daemon's answer; NULL: mirror->error says what came instead, and mirror_failed what that means.
Points__V1__Response *mirror_ask(struct mirror *mirror, struct client *client, Points__V1__Request *request);
enum mirror_result mirror_failed(const struct mirror *mirror);
void mirror_add_verifier(struct mirror *mirror, const uint8_t *key);
// Of a checkpoint that has no right signature; returns MIRROR_ALARM.
enum mirror_result mirror_raise_signature(struct mirror *mirror, const char *note, const struct note_fault *fault);
// Looks at the daemon's newest checkpoint: it must extend the newest seen, and takes its place. MIRROR_GREW: it is
// longer; MIRROR_SAME: it is not.
enum mirror_result mirror_look(struct mirror *mirror, struct client *client);
// Gets the blocks up to mirror->newest, with their texts, and makes them durable. MIRROR_GREW: they are.
enum mirror_result mirror_fetch(struct mirror *mirror, struct client *client);
