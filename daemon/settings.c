#include "settings.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

// Each row is a setting; pointsd.conf(5) shows the same table.
static const struct {
    const char *section, *name;
    bool text;
    size_t offset;
    uint64_t min, max, standard;
} table[] = {
    {"ledger", "dir", true, offsetof(struct settings, ledger_dir), 0, 0, 0},
    {"ledger", "checkpoint_key", true, offsetof(struct settings, checkpoint_key), 0, 0, 0},
    {"ledger", "next_checkpoint_key", true, offsetof(struct settings, next_checkpoint_key), 0, 0, 0},
    {"ledger", "derived_dir", true, offsetof(struct settings, derived_dir), 0, 0, 0},
    {"ledger", "snapshot_transactions", false, offsetof(struct settings, snapshot_every), 0, 1000000000, 5000000},
    {"ledger", "scrub_days", false, offsetof(struct settings, scrub_days), 0, 3650, 30},
    {"ledger", "disk_reserve_mib", false, offsetof(struct settings, disk_reserve_mib), 0, UINT64_C(1) << 30, 64},
    {"listen", "unix", true, offsetof(struct settings, unix_path), 0, 0, 0},
    {"listen", "tcp_port", false, offsetof(struct settings, tcp_port), 0, 65535, 0},
    {"listen", "write_timeout_s", false, offsetof(struct settings, write_timeout_s), 1, 3600, 30},
    {"threads", "workers", false, offsetof(struct settings, workers), 0, 256, 0},
};
enum { ROWS = sizeof table / sizeof *table };

struct parsing {
    struct settings *settings;
    char *error;
    size_t error_size;
};

static char **text_of(struct settings *settings, size_t row)
{
    return (char **)((char *)settings + table[row].offset);
}

static uint64_t *number_of(struct settings *settings, size_t row)
{
    return (uint64_t *)((char *)settings + table[row].offset);
}

static bool set_number(const struct parsing *parsing, size_t row, const char *value)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(value, &end, 10);
    if (errno || end == value || *end || *value == '-' || number < table[row].min || number > table[row].max) {
        snprintf(parsing->error, parsing->error_size, "[%s] %s must be a number from %llu to %llu, not \"%s\"",
            table[row].section, table[row].name, (unsigned long long)table[row].min, (unsigned long long)table[row].max,
            value);
        return false;
    }
    *number_of(parsing->settings, row) = number;
    return true;
}

static bool set_text(const struct parsing *parsing, size_t row, const char *value)
{
    if (!*value) {
        snprintf(parsing->error, parsing->error_size, "[%s] %s has no value", table[row].section, table[row].name);
        return false;
    }
    free(*text_of(parsing->settings, row));
    *text_of(parsing->settings, row) = strdup(value);
    return true;
}

static void list_settings(const struct parsing *parsing, const char *section, const char *name)
{
    size_t used =
        (size_t)snprintf(parsing->error, parsing->error_size, "[%s] %s is no setting; there are:", section, name);
    for (size_t row = 0; row < ROWS && used < parsing->error_size; row++)
        used += (size_t)snprintf(parsing->error + used, parsing->error_size - used, " [%s] %s%s", table[row].section,
            table[row].name, row + 1 < ROWS ? "," : "");
}

// Only the first fault is told; the library may go on after it.
static int take_line(void *context, const char *section, const char *name, const char *value)
{
    const struct parsing *parsing = context;
    if (parsing->error[0])
        return 0;
    for (size_t row = 0; row < ROWS; row++)
        if (!strcmp(section, table[row].section) && !strcmp(name, table[row].name))
            return table[row].text ? set_text(parsing, row, value) : set_number(parsing, row, value);
    list_settings(parsing, section, name);
    return 0;
}

// Beside the ledger, unless the file names another place.
static void place_derived(struct settings *settings)
{
    if (!settings->derived_dir && asprintf(&settings->derived_dir, "%s.derived", settings->ledger_dir) < 0)
        abort();
}

static bool complete(const struct settings *settings, char *error, size_t error_size)
{
    if (!settings->ledger_dir || !settings->checkpoint_key)
        snprintf(error, error_size, "[ledger] dir and checkpoint_key must be set; `points init` writes such a file");
    else if (!settings->unix_path && !settings->tcp_port)
        snprintf(error, error_size, "[listen] needs unix or tcp_port");
    else
        return true;
    return false;
}

bool settings_read(const char *path, struct settings *settings, char *error, size_t error_size)
{
    *settings = (struct settings){0};
    for (size_t row = 0; row < ROWS; row++)
        if (!table[row].text)
            *number_of(settings, row) = table[row].standard;
    struct parsing parsing = {settings, error, error_size};
    error[0] = '\0';
    struct stat file;
    errno = 0;
    int line = stat(path, &file) != 0 ? -1 : ini_parse(path, take_line, &parsing);
    if (line == 0 && S_ISDIR(file.st_mode)) {
        errno = EISDIR;
        line = -1;
    }
    if (line == 0 && complete(settings, error, error_size)) {
        place_derived(settings);
        return true;
    }
    char what[400];
    snprintf(what, sizeof what, "%s", error);
    if (line < 0)
        snprintf(error, error_size, "%s cannot be read: %s; name the file with -c", path, strerror(errno));
    else if (line > 0 && !what[0])
        snprintf(error, error_size, "%s, line %d is not of the form name = value in 199 bytes", path, line);
    else
        snprintf(error, error_size, "%s: %s", path, what);
    settings_free(settings);
    return false;
}

void settings_free(struct settings *settings)
{
    for (size_t row = 0; row < ROWS; row++)
        if (table[row].text)
            free(*text_of(settings, row));
    *settings = (struct settings){0};
}
