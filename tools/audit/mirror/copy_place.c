#include "tools/audit/mirror/copy_place.h"
#include "tools/audit/audit_report.h"
#include "tools/cleanup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDER_MODE = 0750 };
static const char unfinished_name[] = "unfinished";

// ---- what is removed unless the copy is put in place

enum { FILES = 3 };
static const char *const file_names[FILES] = {"data.mdb", "lock.mdb", "ledger.lock"};
static char unfinished[PATH_MAX], files[FILES][PATH_MAX + 16], made_folder[PATH_MAX]; // "": none

// For a signal's handler too.
static void remove_unfinished(void)
{
    if (!*unfinished)
        return;
    for (int i = 0; i < FILES; i++)
        unlink(files[i]);
    rmdir(unfinished);
    if (*made_folder)
        rmdir(made_folder); // which fails when a ledger is in it
}

static void remove_at_the_end(const char *dir)
{
    snprintf(unfinished, sizeof unfinished, "%s/%s", dir, unfinished_name);
    for (int i = 0; i < FILES; i++)
        snprintf(files[i], sizeof files[i], "%s/%s", unfinished, file_names[i]);
    cleanup_at_any_end(remove_unfinished);
}

// ---- the folder

static bool may_lie_there(const char *name)
{
    static const char *const names[] = {".", "..", unfinished_name, "lock.mdb", "ledger.lock"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(name, names[i]))
            return true;
    return false;
}

static void check_empty(const char *dir)
{
    DIR *folder = opendir(dir);
    if (!folder)
        fail(EXIT_FAILED, "the folder %s cannot be read: %s", dir, strerror(errno));
    for (const struct dirent *entry; (entry = readdir(folder));)
        if (!may_lie_there(entry->d_name))
            fail(EXIT_WRONG_USE, "%s is not empty, it holds %s: give a folder that is empty or does not exist yet", dir,
                entry->d_name);
    closedir(folder);
}

// The file, which is locked as long as it is open; -1: it is not there.
static int lock_or_fail(const char *path, int flags, const char *dir, const char *who)
{
    int fd = open(path, flags | O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return fd;
    if (fd < 0)
        fail(EXIT_FAILED, "%s cannot be opened: %s", path, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB))
        fail(EXIT_FAILED, "%s is in use by %s", dir, who);
    return fd;
}

// Ours alone from here on, with no ledger in it.
static int take_folder(const char *dir)
{
    char lock[PATH_MAX];
    bool made = mkdir(dir, FOLDER_MODE) == 0;
    if (!made && errno != EEXIST)
        fail(EXIT_FAILED, "the folder %s cannot be made: %s", dir, strerror(errno));
    int fd = lock_or_fail(dir, O_DIRECTORY, dir, "another backup or restore");
    if (ledger_is_in(dir))
        fail(EXIT_WRONG_USE, "%s holds a ledger already, which is not overwritten: give another folder", dir);
    check_empty(dir);
    snprintf(lock, sizeof lock, "%s/ledger.lock", dir);
    lock_or_fail(lock, 0, dir, "pointsd or points-audit follow, though its data.mdb is gone: stop it first");
    if (made)
        snprintf(made_folder, sizeof made_folder, "%s", dir);
    remove_at_the_end(dir);
    for (int i = 0; i < FILES; i++)
        unlink(files[i]); // of one that was killed
    if (mkdir(unfinished, FOLDER_MODE) && errno != EEXIST)
        fail(EXIT_FAILED, "the folder %s cannot be made: %s", unfinished, strerror(errno));
    return fd;
}

void copy_make(struct audit *audit, struct ledger *from, const char *dir, struct copy *copy)
{
    struct ledger_error error;
    struct stat status;
    if (!*dir)
        fail(EXIT_WRONG_USE, "the name of the folder is empty");
    if (strlen(dir) > PATH_MAX - sizeof unfinished_name - 16)
        fail(EXIT_WRONG_USE, "the name of the folder is too long");
    copy->dir = dir;
    copy->dir_fd = take_folder(dir);
    if (!ledger_copy(from, unfinished, &error))
        fail(EXIT_FAILED, "the copy was not made: %s", error.message);
    copy->ledger = audit_ledger(unfinished);
    audit_xreplay(audit, copy->ledger, &(struct audit_pass){.signatures = true}, &copy->replay);
    if (stat(files[0], &status))
        fail(EXIT_FAILED, "%s cannot be read: %s", files[0], strerror(errno));
    copy->bytes = (uint64_t)status.st_size;
}

void copy_settle(struct copy *copy)
{
    char data[PATH_MAX];
    snprintf(data, sizeof data, "%s/%s", copy->dir, file_names[0]);
    if (rename(files[0], data))
        fail(EXIT_FAILED, "%s cannot be renamed to %s: %s", files[0], data, strerror(errno));
    int above_fd = openat(copy->dir_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (above_fd < 0 || fsync(copy->dir_fd) || fsync(above_fd))
        fail(EXIT_FAILED, "the ledger is in %s, but a power cut might undo that: %s", copy->dir, strerror(errno));
    close(above_fd);
    close(copy->dir_fd);
}

// ---- what it holds

void copy_print(struct audit *audit, const struct copy *copy, const char *done)
{
    struct document document = document_begin(audit);
    report_ledger(&document, &copy->replay);
    document_number(&document, "bytes", copy->bytes);
    document_sentence(&document,
        "Done: the %s in %s was checked from its first block to its checkpoint, and is on disk.", done, copy->dir);
    document_end(&document);
}
