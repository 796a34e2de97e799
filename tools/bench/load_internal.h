// What the parts of a load share: those who post, those who ask, and who moves time.
#pragma once

#include "tools/bench/link.h"
#include "tools/bench/load.h"

struct held;

// Sends one connection's envelopes and checks their answers.
struct poster {
    struct load *load;
    struct link link;
    struct script script;
    struct answers_at at;  // checked so far
    uint64_t transactions; // in all
    uint64_t envelopes;    // in all
    uint64_t released;     // envelopes that may go out
    uint64_t written;      // envelopes that are out whole,
    size_t written_part;   // and so many bytes of the next
    uint64_t *begun_ns;    // of each under way, by number modulo window
    struct held *held;     // answers that came before those of earlier envelopes, likewise
};

void poster_begin(struct poster *poster, struct load *load, unsigned connection);
void poster_end(struct poster *poster);
void poster_make_all(struct poster *poster);
void poster_go_on(struct poster *poster, uint64_t now_ns);
// When the next envelope is to be sent; UINT64_MAX when something else must happen first.
uint64_t poster_due_ns(const struct poster *poster);
bool poster_is_done(const struct poster *poster, uint64_t now_ns);

// Asks for accounts and totals, a window of queries at a time.
struct asker *askers_new(struct load *load);
void askers_go_on(struct load *load, uint64_t now_ns);
void askers_free(struct load *load);

// Moves time forward before the passes need it.
struct mover *mover_new(struct load *load);
void mover_look(struct mover *mover);
void mover_free(struct mover *mover);

// The daemon refused it whole.
noreturn void load_fail_refused(const char *what, struct span error);
