#include "tools/bench/server.h"
#include "tools/client.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <linux/magic.h>
#include <time.h>
#include <unistd.h>

// The campaign's first year, long past: SCRIPTED time goes forward from here as the run needs it.
#define BEGIN "2021-11-01 00:00"

enum { START_TRIES = 6000, TRY_NS = 10 * 1000 * 1000, BLOCK_BYTES = 512 };

// What must not outlive the process, however it ends.
static struct server *running;

// ---- programs

// Beside this one, in the sbin beside its folder, or wherever the shell would find it.
static char *program_path(const char *name)
{
    char self[PATH_MAX];
    ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);
    if (size < 0)
        return xstrdup(name);
    self[size] = '\0';
    *strrchr(self, '/') = '\0';
    static const char *const places[] = {"", "/../sbin"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char *path = xprintf("%s%s/%s", self, places[i], name);
        if (access(path, X_OK) == 0)
            return path;
        free(path);
    }
    return xstrdup(name);
}

// In the child: what it says goes to `log`; it dies with us.
static noreturn void become(char *const arguments[], int log, pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    setpgid(0, 0); // the terminal's ^C is for us; we end the daemon
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    execvp(arguments[0], arguments);
    dprintf(STDERR_FILENO, "%s: %s\n", arguments[0], strerror(errno));
    _exit(127);
}

static pid_t launch(char *const arguments[], const char *log_path)
{
    int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (log < 0)
        fail(EXIT_FAILED, "cannot write %s: %s", log_path, strerror(errno));
    pid_t parent = getpid(), pid = fork();
    if (pid < 0)
        fail(EXIT_FAILED, "cannot start %s: %s", arguments[0], strerror(errno));
    if (pid == 0)
        become(arguments, log, parent);
    close(log);
    return pid;
}

static noreturn void fail_with_log(const char *what, const char *log_path)
{
    char line[512];
    FILE *log = fopen(log_path, "r");
    while (log && fgets(line, sizeof line, log))
        fprintf(stderr, "  %s", line);
    fail(EXIT_FAILED, "%s", what);
}

// ---- the folder

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info;
    (void)kind;
    (void)at;
    return remove(path);
}

static void make_folder(struct server *server, const char *dir)
{
    server->keeps_dir = dir != NULL;
    if (dir) {
        server->dir = xstrdup(dir);
        if (mkdir(dir, 0700) != 0 && errno != EEXIST)
            fail(EXIT_FAILED, "cannot make the folder %s: %s", dir, strerror(errno));
        return;
    }
    const char *scratch = getenv("TMPDIR");
    server->dir = xprintf("%s/points-bench-XXXXXX", scratch && *scratch ? scratch : "/var/tmp");
    if (!mkdtemp(server->dir))
        fail(EXIT_FAILED, "cannot make the folder %s: %s; TMPDIR names another place", server->dir, strerror(errno));
}

static void warn_of_memory_disk(const char *dir)
{
    struct statfs info;
    if (statfs(dir, &info) == 0 && info.f_type == TMPFS_MAGIC)
        say("%s lies in memory, where fdatasync costs nothing; TMPDIR or --dir names a disk", dir);
}

static void make_ledger(const struct server *server, uint32_t workers, const char *log)
{
    int status;
    char *program = program_path("points");
    char *arguments[] = {program, (char *)"init", server->dir, (char *)"--time-source", (char *)"scripted",
        (char *)"--time", (char *)BEGIN, (char *)"--origin", (char *)"points-bench", NULL};
    pid_t pid = launch(arguments, log);
    if (waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_with_log("`points init` made no ledger", log);
    char *path = xprintf("%s/pointsd.conf", server->dir);
    FILE *file = fopen(path, "a");
    if (!file || (workers && fprintf(file, "\n[threads]\nworkers = %" PRIu32 "\n", workers) < 0) || fclose(file) != 0)
        fail(EXIT_FAILED, "cannot write %s: %s", path, strerror(errno));
    free(path);
    free(program);
}

// ---- the daemon

static void clean_up(void)
{
    if (!running)
        return;
    if (running->pid > 0) {
        kill(running->pid, SIGKILL);
        waitpid(running->pid, NULL, 0);
    }
    if (!running->keeps_dir)
        nftw(running->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    running = NULL;
}

static void await_answer(struct server *server, const char *log)
{
    struct tool_error error;
    for (int tries = 0; tries < START_TRIES; tries++) {
        struct client *client = client_open(server->address, &error);
        client_close(client);
        if (client)
            return;
        if (waitpid(server->pid, NULL, WNOHANG) != 0) {
            server->pid = 0;
            fail_with_log("pointsd did not start", log);
        }
        nanosleep(&(struct timespec){.tv_nsec = TRY_NS}, NULL);
    }
    fail_with_log("pointsd does not answer", log);
}

void server_start(struct server *server, const char *dir, uint32_t workers)
{
    *server = (struct server){0};
    make_folder(server, dir);
    running = server;
    atexit(clean_up);
    char *log = xprintf("%s/pointsd.log", server->dir);
    make_ledger(server, workers, log);
    warn_of_memory_disk(server->dir);
    server->address = xprintf("%s/pointsd.sock", server->dir);
    char *program = program_path("pointsd"), *conf = xprintf("%s/pointsd.conf", server->dir);
    char *arguments[] = {program, (char *)"-c", conf, NULL};
    server->pid = launch(arguments, log);
    await_answer(server, log);
    free(log);
    free(conf);
    free(program);
}

void server_stop(struct server *server)
{
    int status;
    kill(server->pid, SIGTERM);
    if (waitpid(server->pid, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail(EXIT_FAILED, "pointsd did not end well; its log may say why: use --dir to keep it");
    server->pid = 0;
}

void server_remove(struct server *server)
{
    clean_up();
    free(server->dir);
    free(server->address);
}

// ---- the audit

static double number_in(json_object *object, const char *name)
{
    json_object *number;
    return json_object_object_get_ex(object, name, &number) ? json_object_get_double(number) : 0;
}

struct audited server_audit(const struct server *server)
{
    int status;
    char *program = program_path("points-audit"), *ledger = xprintf("%s/ledger", server->dir);
    char *report = xprintf("%s/audit.json", server->dir);
    char *arguments[] = {program, (char *)"verify", ledger, (char *)"--json", NULL};
    pid_t pid = launch(arguments, report);
    if (waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_with_log("`points-audit verify` found a fault", report);
    json_object *object = json_object_from_file(report);
    struct audited audited = {.seconds = number_in(object, "milliseconds") / 1000,
        .transactions_per_s = number_in(object, "transactions_per_s"),
        .signatures = number_in(object, "blocks") + 1};
    json_object_put(object);
    free(report);
    free(ledger);
    free(program);
    return audited;
}

// ---- what it uses

// A number behind `name` in a file of /proc/PID; 0 when there is none.
static uint64_t proc_number(pid_t pid, const char *file, const char *name)
{
    char path[64], line[256];
    unsigned long long value = 0;
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    FILE *lines = fopen(path, "r");
    while (lines && fgets(line, sizeof line, lines))
        if (!strncmp(line, name, strlen(name)))
            value = strtoull(line + strlen(name), NULL, 10);
    if (lines)
        fclose(lines);
    return value;
}

static void read_processor_times(pid_t pid, struct usage *usage)
{
    char path[64], line[1024] = "";
    unsigned long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    const char *behind_name = file && fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
    if (behind_name)
        sscanf(behind_name, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
    if (file)
        fclose(file);
    usage->user_s = (double)user / (double)sysconf(_SC_CLK_TCK);
    usage->system_s = (double)system / (double)sysconf(_SC_CLK_TCK);
}

static uint64_t folder_bytes;

static int add_one(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)path;
    (void)at;
    if (kind == FTW_F)
        folder_bytes += (uint64_t)info->st_blocks * BLOCK_BYTES;
    return 0;
}

struct usage server_usage(const struct server *server)
{
    struct usage usage = {0};
    read_processor_times(server->pid, &usage);
    usage.written_bytes = proc_number(server->pid, "io", "write_bytes:");
    usage.rss_anon_bytes = proc_number(server->pid, "status", "RssAnon:") * 1024;
    folder_bytes = 0;
    nftw(server->dir, add_one, 16, FTW_PHYS);
    usage.disk_bytes = folder_bytes;
    return usage;
}
