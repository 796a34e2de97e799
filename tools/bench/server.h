// A pointsd of our own on a scratch ledger, and what it uses of the machine.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct server {
    char *dir; // of ledger, keys, configuration, log
    char *address;
    pid_t pid;
    bool keeps_dir;
};

struct usage {
    double user_s, system_s; // of processors
    uint64_t written_bytes;  // handed to the disk
    uint64_t disk_bytes;     // taken by the ledger's folder
    uint64_t rss_anon_bytes; // memory, without files
};

// Makes a SCRIPTED ledger in `dir`, which must be new or empty (NULL: a folder that server_stop removes), starts
// pointsd on it, and waits until it answers. `workers` 0: the daemon's default. Ends the process when that fails;
// whenever the process ends, the daemon ends too.
void server_start(struct server *server, const char *dir, uint32_t workers);
// Asks it to end; it must leave with 0. The folder stays.
void server_stop(struct server *server);
// What `points-audit verify` says of the ledger, once the daemon has stopped. A fault ends the process.
struct audited {
    double seconds, transactions_per_s;
    double signatures; // verified: one a block, and genesis' two
};
struct audited server_audit(const struct server *server);
void server_remove(struct server *server); // the folder, unless it was given; and frees
struct usage server_usage(const struct server *server);
