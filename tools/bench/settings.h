// What the command line asks for, and the scenarios with what they do unless told otherwise.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct scenario {
    const char *name;
    uint32_t batch; // transactions an envelope
    bool random_ids;
    bool mixed; // donations, conversions and duplicates between the awards
    bool asks;  // as many connections again ask queries
    // Unless the command line says otherwise:
    uint32_t accounts, connections, window;
    uint64_t transactions;
    uint64_t rate; // 0: as fast as answers come
    // What --duration makes ready when there is no rate.
    uint64_t ready_per_s;
};

struct settings {
    const struct scenario *scenario;
    uint32_t accounts, connections;
    uint32_t window;       // requests under way, a connection
    uint64_t transactions; // 0: duration_s counts
    double duration_s;
    uint64_t rate; // transactions a second, begun whether or not answers have come; 0: as fast as answers come
    uint32_t memory_mib;
    bool sign_live;
    const char *address;  // of another daemon; NULL: our own
    const char *keys_dir; // of that other daemon
    const char *dir;      // where our own daemon's ledger stays; NULL: it is removed
    uint32_t workers;     // of our own daemon; 0: its default
    bool audit;           // afterwards
    bool json;
    const char *plot_path; // NULL: none
};

enum { ACCOUNTS_MAX = 100 * 1000 * 1000, CONNECTIONS_MAX = 256, WINDOW_MAX = 64 };

// Ends the process when the command line is wrong, or asks for help.
struct settings settings_parse(int argc, char **argv);
