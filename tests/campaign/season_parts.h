// What the parts of the season share: the day that is played, what waits for later days, and how a transaction is
// posted.
#pragma once

#include "tests/campaign/draw.h"
#include "tests/campaign/model.h"
#include "tests/campaign/population.h"
#include "tests/campaign/stream.h"

enum {
    PER_MILLION = 1000000,
    RECENT = 1024,    // awards that may be posted again
    DAYS_BEYOND = 16, // what waits for a day may wait past the season's end
};

// A conversion that waits for the WAON side.
struct conversion {
    uint8_t id[ID_BYTES];
    struct spent spent;
    bool reversed; // the office was quicker
};

enum task_kind { INVESTIGATE, UNFREEZE, LOSE_PHONE, MERGE, UNDO_AWARD, UNDO_DONATION, UNDO_CONVERSION };

// What the office has to do on some day.
struct task {
    enum task_kind kind;
    uint32_t resident;
    uint32_t second;                  // MERGE: the account of the new phone
    uint8_t target[ID_BYTES];         // of what is undone:
    struct award award;               // an award,
    uint32_t award_day, award_points; // its day and its points;
    struct spent spent;               // or a donation or a conversion
};

// What waits for one day. Grown by later().
struct waiting {
    void *items;
    size_t count, room;
};

struct day {
    struct waiting awards, conversions, tasks; // struct award, struct conversion, struct task
};

struct recent {
    uint8_t id[ID_BYTES];
    struct award award;
    uint64_t sequence;
    struct expected outcome;
};

struct season {
    struct model *model;
    struct population *population;
    struct stream *stream;
    uint32_t today;
    struct day days[SEASON_DAYS + DAYS_BEYOND];
    struct recent recent[RECENT];
    uint64_t ids, ids_today, awards_posted;
    uint64_t applied[QUESTS + 1], donations, conversions; // so many were applied
    uint32_t receipts;                                    // numbers given
    uint32_t keenness[MUNICIPALITIES];                    // per mille: places differ
};

// ---- posting

// One transaction being filled in, and the ids that it points to.
struct posting {
    Points__V1__Transaction transaction;
    uint8_t id[ID_BYTES], account[ID_BYTES];
};

// With a fresh id. The caller puts the body in its place.
void posting_begin(struct season *season, struct posting *posting, transaction_type type);
ProtobufCBinaryData posting_account(const struct season *season, struct posting *posting, uint32_t resident);
ProtobufCBinaryData bytes16(uint8_t id[ID_BYTES]);

// ---- who and when

uint32_t index_of(const struct season *season, const struct resident *resident);
// How many of so many do something today, at a chance of so many in a million.
uint32_t how_many(const struct season *season, enum draw_topic topic, uint32_t people, uint32_t per_million);
// The so-manieth of them: somebody among the first of the list, and bits to draw from; NULL when the one that was drawn
// has no account to use.
struct resident *somebody(
    const struct season *season, enum draw_topic topic, uint32_t number, uint32_t among, uint64_t *bits);
bool may_spend(const struct resident *resident); // opened and neither closed nor merged; perhaps frozen
struct day *day_after(struct season *season, uint32_t days);
void *later(struct waiting *waiting, size_t size); // room for one more

// ---- the programme and the time

void setup_programme(struct season *season);
void setup_of_today(struct season *season); // shops close
void set_time(struct season *season, int64_t time);

// ---- what people do

void accounts_of_today(struct season *season); // opened, moved, closed
void account_open(struct season *season, uint32_t resident);
void sdgs_of_today(struct season *season);
void sdgs_deed(struct season *season, uint32_t resident, uint64_t *bits); // one, today
void outings_of_today(struct season *season);
void outings_go(struct season *season, uint32_t resident, uint64_t *bits);
void receipts_of_today(struct season *season);
void receipts_buy(struct season *season, uint32_t resident, uint64_t *bits);
void award_post(struct season *season, const struct award *award);
void award_post_later(struct season *season, const struct award *award, uint32_t days);
void awards_waiting(struct season *season);
void donations_of_today(struct season *season);
void donate(struct season *season, struct spent *gift);
void conversions_of_today(struct season *season);
void convert(struct season *season, uint32_t resident, uint32_t points);
void conversions_answered(struct season *season);

// ---- what the office does

void office_of_today(struct season *season);
void settlements_of_today(struct season *season);
void notices_of_today(struct season *season); // the municipalities'
// It is told of what was applied, and will have to put some of it right. True: it wants the spent lots.
void office_notes_award(struct season *season, const struct award *award, const uint8_t id[ID_BYTES], uint32_t points);
bool office_notes_donation(struct season *season, const struct spent *gift, const uint8_t id[ID_BYTES]);
bool office_notes_conversion(struct season *season, const struct spent *held, const uint8_t id[ID_BYTES]);
