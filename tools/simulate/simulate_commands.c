// A design as commands for a shell.
#include "tools/simulate/simulate_commands.h"
#include "tools/expiry_text.h"
#include "tools/jst.h"
#include "tools/simulate/simulate_setup.h"

#include <ctype.h>
#include <inttypes.h>

// In single quotes: they keep everything but themselves.
static void print_quoted(const char *text, FILE *file)
{
    fputc('\'', file);
    for (; *text; text++)
        if (*text == '\'')
            fputs("'\\''", file);
        else
            fputc(*text, file);
    fputc('\'', file);
}

static void print_option(const char *name, uint64_t value, FILE *file)
{
    if (value)
        fprintf(file, " --%s %" PRIu64, name, value);
}

static void print_period(Points__V1__Period period, FILE *file)
{
    fputs(" --period ", file);
    for (const char *at = protobuf_c_enum_descriptor_get_value(&points__v1__period__descriptor, (int)period)->name; *at;
         at++)
        fputc(tolower((unsigned char)*at), file);
}

static void print_receipt(const Points__V1__ReceiptTerms *terms, FILE *file)
{
    for (size_t i = 0; i < terms->n_steps; i++)
        fprintf(file, " --step %" PRIu64 "=%" PRIu64, terms->steps[i]->amount_yen, terms->steps[i]->points);
    print_option("bonus-municipalities", terms->bonus_municipalities, file);
    print_option("bonus-points", terms->bonus_points, file);
}

static void print_expiry(const Points__V1__Expiry *expiry, FILE *file)
{
    char text[EXPIRY_TEXT_BYTES];
    expiry_print(expiry, text);
    fprintf(file, " --expires %s", text);
}

static void print_quest(const Points__V1__DefineQuest *quest, FILE *file)
{
    enum { HOUR_S = 3600 };
    char first[JST_DAY_BYTES], last[JST_DAY_BYTES];
    jst_print_day(quest->first_day, first);
    jst_print_day(quest->last_day, last);
    fprintf(file, "points define-quest %" PRIu32 " ", quest->quest);
    print_quoted(quest->name, file);
    fprintf(file, " --first %s --last %s", first, last);
    print_period(quest->period, file);
    print_option("times", quest->times, file);
    print_option("points", quest->points, file);
    if (quest->receipt)
        print_receipt(quest->receipt, file);
    print_option("cap", quest->cap_points, file);
    print_option("campaign", quest->campaign, file);
    print_option("grace-hours", quest->grace_s / HOUR_S, file);
    for (size_t i = 0; i < quest->n_municipalities; i++)
        fprintf(file, " --municipality %06" PRIu32, quest->municipalities[i]);
    print_option("residents-max", quest->residents_max, file);
    if (quest->expiry)
        print_expiry(quest->expiry, file);
    fputc('\n', file);
}

void commands_print(const struct design *design, FILE *file)
{
    static const char signers[] = "--key operator-1 --key operator-2";
    if (design->campaign_line) {
        fprintf(file, "points define-campaign %" PRIu32 " ", design->campaign.campaign);
        print_quoted(design->campaign.name, file);
        print_option("cap", design->campaign.cap_points, file);
        fprintf(file, "\npoints set-budget %" PRIu64 " --campaign %" PRIu32 " %s\n", setup_campaign_budget(design),
            design->campaign.campaign, signers);
    }
    for (size_t i = 0; i < design->quest_count; i++) {
        print_quest(&design->quests[i].options.quest, file);
        fprintf(file, "points set-budget %" PRIu32 " %" PRIu64 " %s\n", design->quests[i].options.quest.quest,
            setup_budget(design, i), signers);
    }
}
