// The index's life: its folder read, its thread started, and its end.
#include "index/index_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MODE = 0640, FOLDER_MODE = 0750 };

__attribute__((format(printf, 2, 3))) static bool fail(struct id_index_error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    return false;
}

// ---- the seeds of the hash

// Those of the folder; where there are none, new ones, which make any old runs strangers.
static bool load_seeds(struct id_index *index, struct id_index_error *error)
{
    char path[RUN_PATH_BYTES + 8];
    size_t size = sizeof index->seeds;
    snprintf(path, sizeof path, "%s/seeds", index->dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
    bool known = fd >= 0 && read(fd, &index->seeds, size) == (ssize_t)size;
    if (fd >= 0 && !known)
        known = getrandom(&index->seeds, size, 0) == (ssize_t)size &&
                pwrite(fd, &index->seeds, size, 0) == (ssize_t)size && fsync(fd) == 0;
    if (!known)
        fail(error, "%s cannot be read or written: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return known;
}

// ---- the runs

struct spans {
    struct run_span *all;
    size_t count;
};

// What a writer left when its process was killed.
static void drop_unfinished(const struct id_index *index, const char *name)
{
    char path[RUN_PATH_BYTES + NAME_MAX + 2];
    const char *ending = strrchr(name, '.');
    snprintf(path, sizeof path, "%s/%s", index->dir, name);
    if (ending && !strcmp(ending, ".new"))
        unlink(path);
}

static bool list_spans(const struct id_index *index, struct spans *spans, struct id_index_error *error)
{
    DIR *dir = opendir(index->dir);
    if (!dir)
        return fail(error, "the folder %s cannot be read: %s", index->dir, strerror(errno));
    for (const struct dirent *entry; (entry = readdir(dir));) {
        struct run_span span;
        if (!run_span_of(entry->d_name, &span)) {
            drop_unfinished(index, entry->d_name);
            continue;
        }
        spans->all = reallocarray(spans->all, spans->count + 1, sizeof *spans->all);
        if (!spans->all)
            abort();
        spans->all[spans->count++] = span;
    }
    closedir(dir);
    return true;
}

static struct run *open_ours(
    const struct id_index *index, const struct id_index_settings *settings, struct run_span span)
{
    struct run *run = run_open(index->dir, &index->seeds, span);
    if (run && !settings->has_root(settings->context, run->header.checkpoint.blocks, run->header.checkpoint.root)) {
        run_close(run);
        return NULL;
    }
    return run;
}

// The widest of our runs that begins there; NULL: none.
static struct run *open_next(
    const struct id_index *index, const struct id_index_settings *settings, const struct spans *spans, uint64_t first)
{
    for (uint64_t below = UINT64_MAX;;) {
        struct run_span widest = {0};
        for (size_t i = 0; i < spans->count; i++)
            if (spans->all[i].first == first && spans->all[i].last < below && spans->all[i].last > widest.last)
                widest = spans->all[i];
        if (!widest.last)
            return NULL;
        struct run *run = open_ours(index, settings, widest);
        if (run)
            return run;
        below = widest.last;
    }
}

static bool is_used(const struct id_index *index, struct run_span span)
{
    for (size_t i = 0; i < index->view.run_count; i++)
        if (index->view.runs[i]->header.span.first == span.first && index->view.runs[i]->header.span.last == span.last)
            return true;
    return false;
}

static void drop_others(const struct id_index *index, const struct spans *spans)
{
    char path[RUN_PATH_BYTES];
    for (size_t i = 0; i < spans->count; i++)
        if (!is_used(index, spans->all[i]) && run_path(index->dir, spans->all[i], path))
            unlink(path);
}

static bool load_runs(struct id_index *index, const struct id_index_settings *settings, struct id_index_error *error)
{
    struct spans spans = {0};
    struct run *run;
    uint64_t next = 1;
    if (!list_spans(index, &spans, error))
        return false;
    while (index->view.run_count < RUNS_MAX / 2 && (run = open_next(index, settings, &spans, next))) {
        index->view.runs[index->view.run_count++] = run;
        next = run->header.span.last + 1;
    }
    drop_others(index, &spans);
    free(spans.all);
    index->shared = index->view;
    index->current->span = (struct run_span){next, next - 1};
    return true;
}

// ---- the whole

static bool open_scratch(struct id_index *index, struct id_index_error *error)
{
    const char *under = getenv("TMPDIR");
    if (!under || !*under)
        under = "/tmp";
    index->current->span = (struct run_span){1, 0};
    snprintf(index->dir, sizeof index->dir, "%.4000s/points-index-XXXXXX", under);
    index->scratch = mkdtemp(index->dir) != NULL;
    if (!index->scratch)
        return fail(
            error, "no folder for the index of ids can be made in %.100s (set TMPDIR): %s", under, strerror(errno));
    return getrandom(&index->seeds, sizeof index->seeds, 0) == sizeof index->seeds;
}

static bool open_folder(struct id_index *index, const struct id_index_settings *settings, struct id_index_error *error)
{
    if (!settings->dir)
        return open_scratch(index, error);
    size_t size = (size_t)snprintf(index->dir, sizeof index->dir, "%s", settings->dir);
    if (size >= sizeof index->dir)
        return fail(error, "the name of the index's folder is too long");
    if (mkdir(index->dir, FOLDER_MODE) && errno != EEXIST)
        return fail(error, "the folder %s cannot be made: %s", index->dir, strerror(errno));
    return load_seeds(index, error) && load_runs(index, settings, error);
}

struct id_index *id_index_open(const struct id_index_settings *settings, struct id_index_error *error)
{
    struct id_index *index = calloc(1, sizeof *index);
    if (!index)
        abort();
    index->table_ids = settings->table_ids ? settings->table_ids : ID_INDEX_TABLE_IDS;
    index->fail = settings->fail;
    index->current = id_table_new(index->table_ids);
    pthread_mutex_init(&index->lock, NULL);
    pthread_cond_init(&index->changed, NULL);
    bool opened = open_folder(index, settings, error);
    if (opened && settings->background) {
        index->background = pthread_create(&index->thread, NULL, upkeep_run, index) == 0;
        opened = index->background || fail(error, "no thread could be started");
    }
    if (opened)
        return index;
    id_index_close(index);
    return NULL;
}

void id_index_close(struct id_index *index)
{
    if (!index)
        return;
    pthread_mutex_lock(&index->lock);
    index->closing = true;
    pthread_cond_broadcast(&index->changed);
    pthread_mutex_unlock(&index->lock);
    if (index->background)
        pthread_join(index->thread, NULL);
    for (size_t i = 0; i < index->shared.table_count; i++)
        id_table_free(index->shared.tables[i]);
    for (size_t i = 0; i < index->shared.run_count; i++)
        run_close(index->shared.runs[i]);
    if (index->scratch)
        rmdir(index->dir);
    id_table_free(index->current);
    id_table_free(index->spare);
    pthread_cond_destroy(&index->changed);
    pthread_mutex_destroy(&index->lock);
    free(index);
}
