// points-audit: the auditor's tool. One table drives dispatch and usage alike.
#include "config.h"
#include "ledger/damage.h"
#include "tools/audit/audit.h"
#include "tools/shown.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct audit_command commands[] = {
    {"verify", "DIR [--all] [--from-checkpoint FILE]",
        "Checks everything, from genesis to the checkpoint, and tells what it amounts to", audit_verify},
    {"show", "DIR BLOCK", "Shows a block: its signers, its transactions and what was decided about them", audit_show},
    {"prove", "DIR TX [--out FILE] [--body FILE]",
        "Writes an offline proof that a transaction's block stands in the ledger", audit_prove},
    {"check-proof", "FILE [--key KEY]... [--body FILE] [--envelope FILE]",
        "Checks such a proof without the ledger, and shows what it is about", audit_check_proof},
    {"compare", "A B", "Finds the first difference of two ledgers", audit_compare},
    {"tiles", "DIR OUT", "Writes the tree as static files, in the form of C2SP's tlog-tiles", audit_tiles},
    {"export", "DIR --format FORMAT [--out FILE] [--from DAY] [--to DAY]",
        "Writes a file for other programs: csv, json-lines, hledger (a journal), or ledger (all of it, for verifiers)",
        audit_export},
    {"backup", "DIR COPY", "Copies the ledger of a running daemon, or one at rest, and checks the copy", audit_backup},
    {"restore", "COPY DIR [--from-checkpoint FILE]", "Makes a backup into a ledger again, and checks it",
        audit_restore},
    {"follow", "DIR --socket ADDRESS --key FILE [--ledger-id HEX] [--once]",
        "Keeps a mirror of a daemon's ledger in DIR, checks it, and raises an alarm at a fork", audit_follow},
    {"replay", "DIR [--block N] [--at TIME] [--account ACCOUNT]",
        "Shows the state after a block, or as of an instant: books, budgets, donations, an account",
        audit_replay_command},
    {"trial-balance", "DIR [--block N] [--at TIME]",
        "Shows the books of each municipality after a block, or as of an instant", audit_trial_balance},
    {"totals",
        "DIR [--by whole|day|month|fiscal-year] [--settled] [--conversions] [--municipality MUNICIPALITY] "
        "[--purpose PURPOSE] [--from DAY] [--to DAY] [--at TIME]",
        "Shows donations by municipality and purpose, by the day given or paid out; or conversions", audit_totals},
    {"statement", "DIR ACCOUNT", "Shows what happened to an account, newest first, with the balance after each entry",
        audit_statement},
    {"find", "DIR [--account ACCOUNT] [--id ID] [--type TYPE] [--outcome OUTCOME] [--from DAY] [--to DAY] [--limit N]",
        "Shows the entries that match all that is given, oldest first", audit_find},
};

#define COMMAND_COUNT (sizeof commands / sizeof *commands)

static const char global_synopsis[] = "[--json] [--csv] [--cp932] [--help] [--version]";

static const char global_help[] =
    "options of all commands:\n"
    "  --json            print JSON instead of tables for people\n"
    "  --csv             print tables as CSV (RFC 4180, UTF-8 with a byte order mark)\n"
    "  --cp932           print tables as CSV in CP932; what CP932 cannot hold is told, and 〓 stands for it\n"
    "\n"
    "DIR is a ledger's folder (the one that holds data.mdb), at rest or a copy. Days and times are JST.\n"
    "Exit: 0 all holds; 1 a fault was found; 2 wrong use; 3 something could not be read.\n";

static void print_help(FILE *file)
{
    fputs("usage: points-audit COMMAND [ARGUMENTS] [OPTIONS]\n\n", file);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(file, "  %-15s %s\n", commands[i].name, commands[i].summary);
    fprintf(file, "\n%s", global_help);
}

static void print_command_help(const struct audit_command *command)
{
    printf("usage: points-audit %s %s\n\n%s.\n\n%s", command->name, command->synopsis, command->summary, global_help);
}

static const struct audit_command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (!strcmp(commands[i].name, name))
            return &commands[i];
    fail(EXIT_WRONG_USE, "no command \"%s\"; `points-audit --help` says which there are and what they do", shown(name));
}

// ---- the command line

struct words {
    char **at, **end;
    bool help, only_arguments;
};

static void take_option(struct audit *audit, struct words *words)
{
    struct line_option option = line_take_option(&audit->line, &words->at, words->end);
    if (!option.global || line_take_format(option.name, &audit->format))
        return;
    if (!strcmp(option.name, "help")) {
        words->help = true;
    } else {
        puts("points-audit " PACKAGE_VERSION);
        exit(EXIT_HOLDS);
    }
}

static const struct audit_command *read_command_line(struct audit *audit, int count, char **values)
{
    const struct audit_command *command = NULL;
    struct words words = {.at = values + 1, .end = values + count};
    while (words.at < words.end) {
        if (!words.only_arguments && !strcmp(*words.at, "--")) {
            words.only_arguments = true;
            words.at++;
        } else if (!words.only_arguments && !strncmp(*words.at, "--", 2)) {
            take_option(audit, &words);
        } else if (!words.only_arguments && !strcmp(*words.at, "-h")) {
            words.help = true;
            words.at++;
        } else if (command) {
            line_take_word(&audit->line, *words.at++);
        } else {
            command = find_command(*words.at++);
            audit->line.name = command->name;
            audit->line.synopsis = command->synopsis;
        }
    }
    if (words.help) {
        if (command)
            print_command_help(command);
        else
            print_help(stdout);
        exit(EXIT_HOLDS);
    }
    return command;
}

// A fault is told before all else.
static int exit_code(const struct audit *audit, int code)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        say("the output could not be written: %s", strerror(errno));
        return code == EXIT_FAULT ? code : EXIT_UNREADABLE;
    }
    if (audit->characters_lost)
        say("%zu characters were lost to CP932; --csv keeps them", audit->characters_lost);
    return code == EXIT_HOLDS && audit->characters_lost ? EXIT_UNREADABLE : code;
}

int main(int count, char **values)
{
    struct audit audit = {.line = {.program = "points-audit", .global_synopsis = global_synopsis}};
    table_set_locale();
    set_exit_failed(EXIT_UNREADABLE);
    if (sodium_init() < 0)
        fail(EXIT_FAILED, "libsodium cannot start");
    const struct audit_command *command = read_command_line(&audit, count, values);
    if (!command) {
        print_help(stderr);
        return EXIT_WRONG_USE;
    }
    line_check_words(&audit.line);
    damage_watch("points-audit", EXIT_UNREADABLE);
    return exit_code(&audit, command->run(&audit));
}
