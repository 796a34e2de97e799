// points: the client tool of the points ledger. One table drives dispatch and usage alike.
#include "config.h"
#include "tools/command/points.h"
#include "tools/shown.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *heading;
    const struct command *rows;
} groups[] = {
    {"A new ledger", commands_init},
    {"Planning", commands_simulate},
    {"Accounts", commands_accounts},
    {"What residents do", commands_residents},
    {"Quests", commands_quests},
    {"The programme", commands_programme},
    {"Corrections and payments", commands_corrections},
    {"Notices", commands_notices},
    {"Asking", commands_queries},
    {"Reports", commands_reports},
    {"Files", commands_submit},
    {"Many at once", commands_batch},
    {"The WAON side", commands_waon},
    {"Witnesses", commands_witness},
};

#define GROUP_COUNT (sizeof groups / sizeof *groups)

static const char global_synopsis[] =
    "[--dir DIR] [--socket ADDRESS] [--key NAME] [--out FILE] [--json] [--csv] [--cp932] [--help] [--version]";

static const char global_help[] =
    "options of all commands:\n"
    "  --dir DIR         the run folder that `points init` made (or POINTS_DIR): DIR/pointsd.sock, DIR/keys/NAME.key\n"
    "  --socket ADDRESS  path of the daemon's socket, or tcp://HOST:PORT\n"
    "  --key NAME        sign or ask with this key, by name or path; up to four times\n"
    "  --out FILE        write the signed envelope to FILE instead of sending it\n"
    "  --json            print JSON instead of tables for people\n"
    "  --csv             print CSV (RFC 4180, UTF-8 with a byte order mark) instead of tables for people\n"
    "  --cp932           print CSV in CP932, for older spreadsheets; what CP932 cannot hold is told, and 〓 stands for "
    "it\n"
    "\n"
    "Municipalities are accepted in Japanese, in Latin letters, or by code. Days and times are JST.\n"
    "Exit: 0 done; 1 something failed; 2 wrong use; 3 a refusal was recorded; 4 refused whole, nothing recorded.\n";

static void print_help(FILE *file)
{
    fputs("usage: points [OPTIONS] COMMAND [ARGUMENTS]\n", file);
    for (size_t i = 0; i < GROUP_COUNT; i++) {
        fprintf(file, "\n%s\n", groups[i].heading);
        for (const struct command *row = groups[i].rows; row->name; row++)
            fprintf(file, "  %-21s %s\n", row->name, row->summary);
    }
    fprintf(file, "\n%s", global_help);
}

static int print_command_help(const struct command *command)
{
    printf("usage: points %s %s\n\n%s.\n", command->name, command->synopsis, command->summary);
    if (command->key)
        printf("Key unless --key is given: %s.%s\n", command->key,
            command->signers_min > 1
                ? " Two operators must sign: give --key twice, or --out FILE and `points countersign`."
                : "");
    printf("\n%s", global_help);
    return EXIT_SUCCESS;
}

// Some commands are two words, as in "report donations". What stands behind `first` and its blank; NULL: another name.
static const char *behind(const char *name, const char *first)
{
    size_t size = strlen(first);
    return !strncmp(name, first, size) && name[size] == ' ' ? name + size + 1 : NULL;
}

// By its name; `first` is the first of two words, or NULL.
static const struct command *find_command(const char *first, const char *name)
{
    for (size_t i = 0; i < GROUP_COUNT; i++)
        for (const struct command *row = groups[i].rows; row->name; row++) {
            const char *own = first ? behind(row->name, first) : row->name;
            if (own && !strcmp(own, name))
                return row;
        }
    return NULL;
}

static bool begins_command(const char *first)
{
    for (size_t i = 0; i < GROUP_COUNT; i++)
        for (const struct command *row = groups[i].rows; row->name; row++)
            if (behind(row->name, first))
                return true;
    return false;
}

// Those whose first word this is.
static void list_commands(const char *first, FILE *file)
{
    for (size_t i = 0; i < GROUP_COUNT; i++)
        for (const struct command *row = groups[i].rows; row->name; row++)
            if (behind(row->name, first))
                fprintf(file, "  %-21s %s\n", row->name, row->summary);
}

enum { NAME_BYTES_MAX = 40 };

static unsigned least(unsigned a, unsigned b, unsigned c)
{
    unsigned ab = a < b ? a : b;
    return ab < c ? ab : c;
}

// How many letters differ: put in, left out, changed (Levenshtein). Both are shorter than NAME_BYTES_MAX.
static unsigned distance(const char *a, const char *b)
{
    unsigned row[NAME_BYTES_MAX];
    size_t size = strlen(b);
    for (unsigned j = 0; j <= size; j++)
        row[j] = j;
    for (; *a; a++) {
        unsigned diagonal = row[0]++;
        for (size_t j = 1; j <= size; j++) {
            unsigned above = row[j];
            row[j] = least(above + 1, row[j - 1] + 1, diagonal + (*a != b[j - 1]));
            diagonal = above;
        }
    }
    return row[size];
}

static bool is_near(const char *written, const char *name)
{
    enum { FAR = 3 };
    size_t size = strlen(written);
    if (size >= NAME_BYTES_MAX)
        return false;
    return distance(written, name) < FAR && distance(written, name) < size;
}

// What somebody who wrote this may have meant.
static void suggest_commands(const char *written)
{
    const char *between = "; did you mean ";
    for (size_t i = 0; i < GROUP_COUNT; i++)
        for (const struct command *row = groups[i].rows; row->name; row++)
            if (is_near(written, row->name)) {
                fprintf(stderr, "%s%s", between, row->name);
                between = " or ";
            }
    fputs(*between == ';' ? "\n" : "?\n", stderr);
}

static noreturn void fail_unknown_command(const char *first, const char *name)
{
    char *written = first ? xprintf("%s %s", first, name) : xstrdup(name);
    fprintf(stderr, "points: no command \"%s\"", shown(written));
    suggest_commands(written);
    if (first)
        list_commands(first, stderr);
    fputs("points: `points --help` says which there are and what they do\n", stderr);
    exit(EXIT_WRONG_USE);
}

static noreturn void fail_half_command(const char *first)
{
    fprintf(stderr, "points: %s what? There are:\n", first);
    list_commands(first, stderr);
    exit(EXIT_WRONG_USE);
}

static void set_global(struct context *context, const char *name, const char *value)
{
    if (!strcmp(name, "dir"))
        context->dir = value;
    else if (!strcmp(name, "socket"))
        context->socket = value;
    else if (!strcmp(name, "out"))
        context->out = value;
    else if (line_take_format(name, &context->format))
        return;
    else if (context->key_count < SIGNATURES_MAX)
        context->key_names[context->key_count++] = value;
    else
        fail(EXIT_WRONG_USE, "at most %d keys can sign", SIGNATURES_MAX);
}

// ---- the command line

struct words {
    char **at, **end;
    const char *first; // of a command of two words
    bool help, only_arguments;
};

static void take_option(struct context *context, struct words *words)
{
    struct line_option option = line_take_option(&context->line, &words->at, words->end);
    if (!option.global)
        return;
    if (!strcmp(option.name, "help")) {
        words->help = true;
    } else if (!strcmp(option.name, "version")) {
        puts("points " PACKAGE_VERSION);
        exit(EXIT_SUCCESS);
    } else {
        set_global(context, option.name, option.value);
    }
}

static void set_command(struct context *context, const struct command *command)
{
    context->command = command;
    context->line.name = command->name;
    context->line.synopsis = command->synopsis;
}

static void take_word(struct context *context, struct words *words)
{
    const char *word = *words->at++;
    if (context->command) {
        line_take_word(&context->line, word);
        return;
    }
    const struct command *command = find_command(words->first, word);
    if (command)
        set_command(context, command);
    else if (!words->first && !strcmp(word, "help"))
        words->help = true;
    else if (!words->first && begins_command(word))
        words->first = word;
    else
        fail_unknown_command(words->first, word);
}

static void check_words(const struct context *context)
{
    line_check_words(&context->line);
    if (context->out && !context->command->signers_min)
        fail_usage(&context->line, "--out is for commands that sign; this one prints: use > FILE");
}

// True when there is a command to run.
static bool read_command_line(struct context *context, int count, char **values)
{
    struct words words = {.at = values + 1, .end = values + count};
    while (words.at < words.end) {
        if (!words.only_arguments && !strcmp(*words.at, "--")) {
            words.only_arguments = true;
            words.at++;
        } else if (!words.only_arguments && !strncmp(*words.at, "--", 2)) {
            take_option(context, &words);
        } else if (!words.only_arguments && !strcmp(*words.at, "-h")) {
            words.help = true;
            words.at++;
        } else {
            take_word(context, &words);
        }
    }
    if (words.help && context->command)
        exit(print_command_help(context->command));
    if (words.help && words.first)
        list_commands(words.first, stdout);
    else if (words.help)
        print_help(stdout);
    else if (words.first && !context->command)
        fail_half_command(words.first);
    return !words.help;
}

// Characters lost in an answer are a failure. Where something was sent, the code says what became of that, and nothing
// else.
static int exit_code(const struct context *context, int code)
{
    if (context->characters_lost)
        say("%zu characters were lost to CP932; --csv keeps them", context->characters_lost);
    return !code && context->characters_lost && !context->command->signers_min ? EXIT_FAILED : code;
}

int main(int count, char **values)
{
    struct context context = {
        .line = {.program = "points", .global_synopsis = global_synopsis}, .dir = getenv("POINTS_DIR")};
    table_set_locale();
    if (sodium_init() < 0)
        fail(EXIT_FAILED, "libsodium cannot start");
    if (context.dir && !*context.dir)
        context.dir = NULL;
    if (!read_command_line(&context, count, values))
        return EXIT_SUCCESS;
    if (!context.command) {
        print_help(stderr);
        return EXIT_WRONG_USE;
    }
    check_words(&context);
    int code = context.command->run(&context);
    context_close(&context);
    if (fflush(stdout) != 0)
        fail(EXIT_FAILED, "cannot write the output: %s", strerror(errno));
    return exit_code(&context, code);
}
