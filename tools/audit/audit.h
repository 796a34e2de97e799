// What the auditor's commands share: one row a command, and what a command runs in.
#pragma once

#include "replay/replay.h"
#include "tools/command_line.h"
#include "tools/error.h"
#include "tools/table.h"

#include <stdbool.h>
#include <stdnoreturn.h>

// How points-audit leaves. Wrong use is EXIT_WRONG_USE (tools/error.h), as in all tools: 2.
enum audit_exit { EXIT_HOLDS = 0, EXIT_FAULT = 1, EXIT_UNREADABLE = 3 };

struct audit;

// The synopsis drives parsing, usage and messages (tools/synopsis.h).
struct audit_command {
    const char *name, *synopsis, *summary;
    int (*run)(struct audit *audit); // returns the exit code
};

struct audit {
    struct command_line line;
    enum table_format format; // --json, --csv, --cp932
    size_t characters_lost;   // to CP932; what was written is not all, which is told at the end
};

// ---- commands, each in a file of its own
int audit_verify(struct audit *audit);
int audit_show(struct audit *audit);
int audit_prove(struct audit *audit);
int audit_check_proof(struct audit *audit);
int audit_compare(struct audit *audit);
int audit_tiles(struct audit *audit);
int audit_export(struct audit *audit);
int audit_backup(struct audit *audit);
int audit_restore(struct audit *audit);
int audit_follow(struct audit *audit);
int audit_replay_command(struct audit *audit);
int audit_trial_balance(struct audit *audit);
int audit_totals(struct audit *audit);
int audit_statement(struct audit *audit);
int audit_find(struct audit *audit);

// ---- what they are made of. What cannot be read ends the process with EXIT_UNREADABLE and says what and why.

// For commands that print no table, or several: --csv and --cp932 are wrong use.
void audit_need_no_table(const struct audit *audit);
// The ledger in the folder, opened with LEDGER_READ. The caller closes.
struct ledger *audit_ledger(const char *dir);
struct ledger_reading *audit_read(struct ledger *ledger); // the caller ends it

// Of a clock that never goes back.
double audit_now_s(void);

// How a ledger is replayed; zeros: all of it, without signatures.
struct audit_pass {
    bool signatures;
    uint64_t blocks; // as in struct replay_settings, as are the next four
    int64_t before;
    replay_visit_fn *visit;
    replay_tell_fn *tell;
    void *context;
};

// With all its ids in an index for the time being (what a daemon has kept is not believed), and with a progress bar on
// a terminal. Afterwards, whatever the result, audit_replay_end; until then replay_more may go on, and calls nobody.
enum replay_result audit_replay(struct ledger *ledger, const struct audit_pass *pass, struct replay *replay);
void audit_replay_end(struct replay *replay);
// The same, but what does not hold is told, as audit_fault does, and the process leaves.
void audit_xreplay(struct audit *audit, struct ledger *ledger, const struct audit_pass *pass, struct replay *replay);
// Tells what did not hold in that way, closes the ledger that was replayed, and leaves.
noreturn void audit_leave(const struct audit *audit, struct replay *replay, enum replay_result result);
// Tells a fault, on standard output in the form that was asked for, or what could not be read, on standard error.
// Returns the exit code.
int audit_fault(const struct audit *audit, enum replay_result result, const struct replay_fault *fault);
