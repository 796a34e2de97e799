// The daemon's configuration file. None of its settings alters an outcome: limits of the programme live in the ledger.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct settings {
    char *ledger_dir;
    char *checkpoint_key;      // a file
    char *next_checkpoint_key; // a file; NULL: none
    char *derived_dir;         // of what can be made again from the ledger
    char *unix_path;           // NULL: no Unix socket
    uint64_t tcp_port;         // 0: no TCP
    uint64_t workers;          // verifying threads; 0: as many as there are processors
    uint64_t write_timeout_s;
    uint64_t snapshot_every;   // transactions between two snapshots of the state; 0: none are made
    uint64_t scrub_days;       // in which the whole ledger is looked through again; 0: never
    uint64_t disk_reserve_mib; // below so much free space, new envelopes are refused
};

// Reads an INI file. False: `error` names the line and what to do.
bool settings_read(const char *path, struct settings *settings, char *error, size_t error_size);
void settings_free(struct settings *settings);
