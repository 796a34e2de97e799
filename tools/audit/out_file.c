// Files that must not be written: a ledger's own, and one twice.
#include "tools/audit/out_file.h"
#include "tools/shown.h"

#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *const own_names[] = {"data.mdb", "lock.mdb", "ledger.lock"};

#define OWN_COUNT (sizeof own_names / sizeof *own_names)

// Both are there, and are one and the same.
static bool are_same(const char *one, const char *other)
{
    struct stat a, b;
    return stat(one, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

// Also when it is not there: of a ledger at rest lock.mdb may be missing.
static bool has_name(const char *path, const char *name)
{
    char *copy = xstrdup(path);
    bool has = !strcmp(basename(copy), name);
    free(copy);
    return has;
}

void audit_need_other_file(const struct audit *audit, const char *dir, const char *option)
{
    const char *path = option_get(&audit->line, option);
    for (size_t i = 0; path && i < OWN_COUNT; i++) {
        char *own = xprintf("%s/%s", dir, own_names[i]);
        if (has_name(path, own_names[i]) || are_same(path, own))
            fail_usage(&audit->line, "--%s: %s would overwrite a ledger's own %s: give another name", option,
                shown(path), own_names[i]);
        free(own);
    }
}

// Of two names that are not there yet too.
static bool is_same_entry(const char *one, const char *other)
{
    char *a = xstrdup(one), *b = xstrdup(other), *folder_a = xstrdup(one), *folder_b = xstrdup(other);
    bool same = !strcmp(basename(a), basename(b)) && are_same(dirname(folder_a), dirname(folder_b));
    free(a);
    free(b);
    free(folder_a);
    free(folder_b);
    return same;
}

void audit_need_two_files(const struct audit *audit, const char *one, const char *other)
{
    const char *path = option_get(&audit->line, one), *other_path = option_get(&audit->line, other);
    if (path && other_path && is_same_entry(path, other_path))
        fail_usage(&audit->line, "--%s and --%s name the same file: give each its own", one, other);
}
