// Reading a design: one table of sections and keys drives all of it; points-simulate(5) shows the same.
#include "tools/simulate/simulate_design.h"
#include "tools/shown.h"
#include "tools/simulate/simulate_values.h"

#include <errno.h>
#include <ini.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum section_kind { SIMULATION, CAMPAIGN, QUEST, PARTICIPATION, SPENDING };
enum need { MAY, MUST, PLAIN_MAY, PLAIN_MUST, RECEIPT_MAY, RECEIPT_MUST }; // plain quests and receipt quests

static const struct key {
    enum section_kind section;
    const char *name;
    value_fn *value;
    size_t offset; // in what the section is about
    enum need need;
} keys[] = {
    {SIMULATION, "seed", value_number, offsetof(struct design, seed), MAY},
    {SIMULATION, "sample", value_sample, offsetof(struct design, sample), MAY},
    {SIMULATION, "until", value_day, offsetof(struct design, last_day), MAY},
    {CAMPAIGN, "number", value_count, offsetof(struct design, campaign.campaign), MAY},
    {CAMPAIGN, "name", value_text, offsetof(struct design, campaign.name), MUST},
    {CAMPAIGN, "cap", value_number, offsetof(struct design, campaign.cap_points), MAY},
    {CAMPAIGN, "budget", value_number, offsetof(struct design, campaign_budget_points), MAY},
#define DEFINITION(field) offsetof(struct design_quest, options.quest.field)
    {QUEST, "name", value_text, DEFINITION(name), MUST},
    {QUEST, "period", value_period, DEFINITION(period), MAY},
    {QUEST, "times", value_times, DEFINITION(times), MAY},
    {QUEST, "first", value_day, DEFINITION(first_day), MUST},
    {QUEST, "last", value_day, DEFINITION(last_day), MUST},
    {QUEST, "points", value_number, DEFINITION(points), PLAIN_MUST},
    {QUEST, "cap", value_number, DEFINITION(cap_points), MAY},
    {QUEST, "budget", value_number, offsetof(struct design_quest, budget_points), MAY},
    {QUEST, "grace-hours", value_hours, DEFINITION(grace_s), MAY},
    {QUEST, "expires", value_expires, offsetof(struct design_quest, options), MAY},
    {QUEST, "municipalities", value_municipalities, offsetof(struct design_quest, options), MAY},
    {QUEST, "residents-max", value_number, DEFINITION(residents_max), MAY},
    {QUEST, "completion", value_share, offsetof(struct design_quest, completion), PLAIN_MAY},
    {QUEST, "steps", value_steps, offsetof(struct design_quest, options), RECEIPT_MUST},
    {QUEST, "bonus-municipalities", value_bonus_places, offsetof(struct design_quest, options), RECEIPT_MAY},
    {QUEST, "bonus-points", value_bonus_points, offsetof(struct design_quest, options), RECEIPT_MAY},
    {QUEST, "receipts", value_rate, offsetof(struct design_quest, receipts), RECEIPT_MUST},
    {QUEST, "amounts", value_amounts, 0, RECEIPT_MUST},
    {QUEST, "home-share", value_share, offsetof(struct design_quest, home_share), RECEIPT_MUST},
    {PARTICIPATION, "share", value_share, offsetof(struct design_participation, share), MAY},
    {PARTICIPATION, "completion", value_share, offsetof(struct design_participation, completion), MAY},
    {SPENDING, "weekly", value_share, offsetof(struct design, weekly_spending), MUST},
};
enum { KEYS = sizeof keys / sizeof *keys };
_Static_assert(KEYS <= 64, "a section remembers its keys in one word");

// A section of the file, and which keys it has.
struct section {
    enum section_kind kind;
    unsigned line;
    uint64_t keys; // bit n: keys[n] was given
    void *about;   // a design, a design_quest or a design_participation
    char name[60]; // as it stands in the brackets
};

enum { SECTIONS_MAX = 3 + DESIGN_QUESTS_MAX + 1 + MUNICIPALITIES_MAX };

struct reading {
    struct design *design;
    const struct municipality_names *names;
    struct design_participation everywhere; // where a municipality has none of its own
    FILE *file;
    unsigned line, header_line; // header_line 0: the last header has keys
    size_t mistakes;
    struct section sections[SECTIONS_MAX], unknown, *now; // `unknown` takes what cannot be read
    size_t section_count;
};

__attribute__((format(printf, 3, 4))) static void wrong(struct reading *reading, unsigned line, const char *format, ...)
{
    char problem[TOOL_ERROR_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(problem, sizeof problem, format, arguments);
    va_end(arguments);
    if (line)
        say("%s, line %u: %s", reading->design->path, line, problem);
    else
        say("%s: %s", reading->design->path, problem);
    reading->mistakes++;
}

// ---- sections

// A key may stand before the first header.
static unsigned header_line(const struct reading *reading)
{
    return reading->header_line ? reading->header_line : reading->line;
}

static struct design_quest *quest_add(struct reading *reading, uint32_t number)
{
    struct design *design = reading->design;
    if (design->quest_count == DESIGN_QUESTS_MAX) {
        wrong(reading, header_line(reading), "at most %d quests", DESIGN_QUESTS_MAX);
        return NULL;
    }
    struct design_quest *quest = &design->quests[design->quest_count++];
    points__v1__define_quest__init(&quest->options.quest);
    quest->options.quest.name = NULL;
    quest->options.quest.period = PERIOD(WEEKLY);
    quest->options.quest.quest = number;
    quest->line = header_line(reading);
    quest->budget_points = BUDGET_NOT_GIVEN;
    quest->completion = SHARE_NOT_GIVEN;
    return quest;
}

static struct design_quest *quest_numbered(struct reading *reading, const char *text)
{
    uint32_t number;
    const char *right = value_count(NULL, text, &number);
    if (right) {
        wrong(reading, header_line(reading), "[quest %s] should have its number, as in [quest 1]", shown(text));
        return NULL;
    }
    for (size_t i = 0; i < reading->design->quest_count; i++)
        if (reading->design->quests[i].options.quest.quest == number)
            return &reading->design->quests[i];
    return quest_add(reading, number);
}

static struct design_participation *participation_of(struct reading *reading, const char *municipality)
{
    struct tool_error error;
    uint32_t code;
    if (!municipality_names_find(reading->names, municipality, &code, &error)) {
        wrong(reading, header_line(reading), "[participation %s]: %s", shown(municipality), error.message);
        return NULL;
    }
    for (size_t i = 0;; i++)
        if (reading->names->rows[i].code == code)
            return &reading->design->participation[i];
}

// What the section with this name is about; NULL: there is none, and it was said.
static void *section_about(struct reading *reading, const char *name, enum section_kind *kind)
{
    static const struct {
        const char *name;
        enum section_kind kind;
    } whole[] = {{"simulation", SIMULATION}, {"campaign", CAMPAIGN}, {"spending", SPENDING}};
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        if (!strcmp(name, whole[i].name)) {
            *kind = whole[i].kind;
            return reading->design;
        }
    *kind = !strncmp(name, "quest ", 6) ? QUEST : PARTICIPATION;
    if (*kind == QUEST)
        return quest_numbered(reading, name + 6);
    if (!strcmp(name, "participation"))
        return &reading->everywhere;
    if (!strncmp(name, "participation ", 14))
        return participation_of(reading, name + 14);
    wrong(reading, header_line(reading),
        "[%s] is no section; there are: [simulation], [campaign], [quest NUMBER], [participation], [participation "
        "MUNICIPALITY], [spending]",
        shown(name));
    return NULL;
}

// Two names can be one section: [quest 1] and [quest 01].
static struct section *section_of(struct reading *reading, const char *name)
{
    struct section *section = &reading->unknown;
    enum section_kind kind;
    snprintf(reading->unknown.name, sizeof reading->unknown.name, "%s", name);
    void *about = section_about(reading, name, &kind);
    if (!about)
        return section;
    for (size_t i = 0; i < reading->section_count; i++)
        if (reading->sections[i].about == about && reading->sections[i].kind == kind)
            return &reading->sections[i];
    section = &reading->sections[reading->section_count++];
    *section = (struct section){.kind = kind, .line = header_line(reading), .about = about};
    snprintf(section->name, sizeof section->name, "%s", name);
    return section;
}

// ---- keys

static void list_keys(struct reading *reading, const char *name)
{
    char list[TOOL_ERROR_BYTES / 2] = "";
    for (size_t i = 0, used = 0; i < KEYS && used < sizeof list; i++)
        if (keys[i].section == reading->now->kind)
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "", keys[i].name);
    wrong(reading, reading->line, "[%s] has no \"%s\"; there are: %s", reading->now->name, shown(name), list);
}

static void take_key(struct reading *reading, size_t key, const char *text)
{
    struct section *section = reading->now;
    uint64_t bit = UINT64_C(1) << key;
    if (section->keys & bit) {
        wrong(reading, reading->line, "[%s] %s is given twice", section->name, keys[key].name);
        return;
    }
    section->keys |= bit;
    const char *right = keys[key].value(reading->names, text, (char *)section->about + keys[key].offset);
    if (right)
        wrong(
            reading, reading->line, "[%s] %s: \"%s\" should be %s", section->name, keys[key].name, shown(text), right);
}

// Goes on after mistakes, so that one run tells all of them.
static int take_line(void *context, const char *section, const char *name, const char *value)
{
    struct reading *reading = context;
    if (reading->header_line || !reading->now) {
        reading->now = section_of(reading, section);
        reading->header_line = 0;
    }
    if (reading->now == &reading->unknown)
        return 1;
    for (size_t i = 0; i < KEYS; i++)
        if (keys[i].section == reading->now->kind && !strcmp(name, keys[i].name)) {
            take_key(reading, i, value);
            return 1;
        }
    list_keys(reading, name);
    return 1;
}

// ---- lines

static void header_has_keys(struct reading *reading)
{
    if (reading->header_line)
        wrong(reading, reading->header_line, "this section is empty");
    reading->header_line = 0;
}

static bool indented(const char *line)
{
    const char *text = line + strspn(line, " \t\r\n");
    return text > line && *text && *text != '#' && *text != ';';
}

// What the library would pass over or misread: a long line, an indented one, a section without keys.
static void check_line(struct reading *reading, char *line, bool whole)
{
    if (!whole)
        wrong(reading, reading->line, "the line is too long; 198 bytes are the most");
    else if (indented(line))
        wrong(reading, reading->line, "the line is indented; begin it in the first column");
    if (!whole || indented(line))
        strcpy(line, "\n"); // an empty line
    if (*line != '[')
        return;
    header_has_keys(reading);
    reading->header_line = reading->line;
}

// The library's way to a line: as fgets, but counting.
static char *next_line(char *line, int size, void *context)
{
    struct reading *reading = context;
    if (!fgets(line, size, reading->file))
        return NULL;
    reading->line++;
    bool whole = strchr(line, '\n') || feof(reading->file);
    for (int c = whole ? '\n' : 0; c != '\n' && c != EOF;)
        c = fgetc(reading->file);
    check_line(reading, line, whole);
    return line;
}

// ---- the whole

static void check_keys(struct reading *reading, const struct section *section)
{
    const struct design_quest *quest = section->kind == QUEST ? section->about : NULL;
    bool receipt = quest && quest->options.quest.receipt;
    for (size_t i = 0; i < KEYS; i++) {
        bool given = section->keys >> i & 1, of_receipt = keys[i].need >= RECEIPT_MAY,
             of_plain = keys[i].need >= PLAIN_MAY && !of_receipt;
        if (keys[i].section != section->kind)
            continue;
        if (given && (receipt ? of_plain : of_receipt))
            wrong(reading, section->line, "[%s] %s is for quests %s steps of receipts", section->name, keys[i].name,
                receipt ? "without" : "with");
        else if (!given && (keys[i].need == MUST || keys[i].need == (receipt ? RECEIPT_MUST : PLAIN_MUST)))
            wrong(reading, section->line, "[%s] has no %s; it needs one", section->name, keys[i].name);
    }
}

static void check_budget(struct reading *reading, const struct design_quest *quest)
{
    if (quest->budget_points == BUDGET_NOT_GIVEN && reading->design->campaign_budget_points == BUDGET_NOT_GIVEN)
        wrong(reading, quest->line, "[quest %" PRIu32 "] has no budget, and no [campaign] has one for it",
            quest->options.quest.quest);
}

// From the first day of any quest to `until`, or to the last day of any.
static void find_days(struct reading *reading)
{
    struct design *design = reading->design;
    design->first_day = UINT32_MAX;
    for (size_t i = 0; i < design->quest_count; i++) {
        const Points__V1__DefineQuest *quest = &design->quests[i].options.quest;
        design->first_day = quest->first_day < design->first_day ? quest->first_day : design->first_day;
        if (quest->last_day > design->last_award_day)
            design->last_award_day = quest->last_day;
    }
    if (!design->last_day)
        design->last_day = design->last_award_day;
    if (design->last_day < design->last_award_day)
        wrong(reading, 0, "[simulation] until lies before the last day of a quest");
    else if (design->last_day - design->first_day >= DESIGN_DAYS_MAX && design->last_day >= design->first_day)
        wrong(reading, 0, "from the first day of a quest to the last there are more than %d days", DESIGN_DAYS_MAX);
}

// The default counts where a municipality says nothing.
static void spread_participation(struct reading *reading)
{
    bool shares = true, completions = true, needed = false;
    for (size_t i = 0; i < reading->names->count; i++) {
        struct design_participation *own = &reading->design->participation[i];
        if (own->share == SHARE_NOT_GIVEN)
            own->share = reading->everywhere.share;
        if (own->completion == SHARE_NOT_GIVEN)
            own->completion = reading->everywhere.completion;
        shares &= own->share != SHARE_NOT_GIVEN;
        completions &= own->completion != SHARE_NOT_GIVEN;
    }
    for (size_t i = 0; i < reading->design->quest_count; i++)
        needed |= !reading->design->quests[i].options.quest.receipt &&
                  reading->design->quests[i].completion == SHARE_NOT_GIVEN;
    if (!shares)
        wrong(reading, 0, "[participation] share is missing: what share of the residents takes part?");
    if (needed && !completions)
        wrong(reading, 0,
            "[participation] completion is missing: with which probability do those who take part complete a period?");
}

static void check_whole(struct reading *reading)
{
    struct design *design = reading->design;
    for (size_t i = 0; i < reading->section_count; i++) {
        check_keys(reading, &reading->sections[i]);
        if (reading->sections[i].kind == CAMPAIGN)
            design->campaign_line = reading->sections[i].line;
    }
    for (size_t i = 0; i < design->quest_count; i++) {
        check_budget(reading, &design->quests[i]);
        design->quests[i].options.quest.campaign = design->campaign_line ? design->campaign.campaign : 0;
    }
    spread_participation(reading);
    if (design->quest_count)
        find_days(reading);
    else
        wrong(reading, 0, "there is no quest; begin one with [quest 1]");
}

static void start(struct reading *reading, const char *path)
{
    const struct design_participation nothing = {SHARE_NOT_GIVEN, SHARE_NOT_GIVEN};
    struct design *design = reading->design;
    struct stat kind;
    reading->file = fopen(path, "r");
    if (!reading->file || fstat(fileno(reading->file), &kind) != 0)
        fail(EXIT_WRONG_USE, "%s cannot be read: %s", path, strerror(errno));
    if (S_ISDIR(kind.st_mode))
        fail(EXIT_WRONG_USE, "%s cannot be read: it is a folder", path);
    points__v1__define_campaign__init(&design->campaign);
    design->campaign.name = NULL;
    design->campaign.campaign = 1;
    design->campaign_budget_points = BUDGET_NOT_GIVEN;
    design->seed = 1;
    design->sample = 10;
    reading->everywhere = nothing;
    for (size_t i = 0; i < MUNICIPALITIES_MAX; i++)
        design->participation[i] = nothing;
}

struct design *design_read(
    const char *path, const struct municipality_list *municipalities, const struct municipality_names *names)
{
    struct design *design = xcalloc(1, sizeof *design);
    struct reading *reading = xcalloc(1, sizeof *reading);
    *design = (struct design){.path = path, .municipalities = municipalities};
    reading->design = design;
    reading->names = names;
    start(reading, path);
    int line = ini_parse_stream(next_line, reading, take_line, reading);
    if (line > 0)
        wrong(reading, (unsigned)line, "the line should be [SECTION], KEY = VALUE or a comment");
    header_has_keys(reading);
    if (!reading->mistakes)
        check_whole(reading);
    if (reading->mistakes)
        fail(EXIT_WRONG_USE, "%zu mistake%s in %s; nothing was played", reading->mistakes,
            reading->mistakes == 1 ? "" : "s", path);
    fclose(reading->file);
    free(reading);
    return design;
}

void design_free(struct design *design)
{
    free(design->campaign.name);
    for (size_t i = 0; i < design->quest_count; i++)
        free(design->quests[i].options.quest.name);
    free(design);
}
