#include "cosign.h"

#include <stdio.h>
#include <string.h>

enum { SKEW_MAX_S = 300 };

// ---- the worker

static bool read_note(struct job *job, char **note)
{
    struct note_fault fault;
    const ProtobufCBinaryData *bytes = &job->request->add_cosignature->note;
    *note = job_alloc(job, bytes->len + 1);
    memcpy(*note, bytes->data, bytes->len);
    if (memchr(bytes->data, '\0', bytes->len))
        job_refuse(job, REFUSAL(MALFORMED), "add_cosignature.note", "the checkpoint holds a NUL byte");
    else if (!note_read_checkpoint(*note, &job->cosigning->checkpoint, &fault))
        job_refuse(job, REFUSAL(MALFORMED), "add_cosignature.note", "%s", fault.message);
    return !job->refusal.code;
}

void cosign_verify(struct job *job, const struct checkpoint_keys *keys)
{
    struct note_verifier own[CHECKPOINT_KEY_FILES];
    struct cosigning *cosigning = job->cosigning = job_alloc(job, sizeof *cosigning);
    char *note;
    if (!read_note(job, &note))
        return;
    for (size_t i = 0; i < keys->count; i++)
        own[i] = keys->signers[i]->verifier;
    if (strcmp(cosigning->checkpoint.origin, own[0].name) != 0) {
        job_refuse(job, REFUSAL(WRONG_LEDGER), "add_cosignature.note", "the checkpoint is not of this ledger, %s",
            own[0].name);
        return;
    }
    memcpy(cosigning->witness.key, job->request->add_cosignature->key.data, KEY_BYTES);
    job->signatures_valid =
        note_open_checkpoint(note, own, keys->count, &cosigning->checkpoint, &cosigning->fault) &&
        note_find_witness(note, &cosigning->witness, &cosigning->fault) &&
        note_open_cosignature(note, &cosigning->witness, &cosigning->cosignature, &cosigning->fault);
    if (job->signatures_valid)
        note_strip(note, own, keys->count, cosigning->own);
}

// ---- the decide thread

static bool by_a_witness(const struct decide *decide, struct job *job)
{
    const uint8_t *key = job->cosigning->witness.key;
    struct points_asker role;
    refusal_code code = points_asker(decide->state, key, &role);
    if (code)
        job_refuse(job, code, "add_cosignature.key", "this key %s",
            code == REFUSAL(KEY_REVOKED) ? "was revoked; use the new one"
                                         : "is not registered; two operators can register it with role WITNESS");
    else if (role.role != ROLE(WITNESS))
        job_refuse(job, REFUSAL(NOT_PERMITTED), "add_cosignature.key", "this key is not registered as a witness's");
    else if (!job->signatures_valid)
        job_refuse(job, REFUSAL(BAD_SIGNATURE), "add_cosignature.note", "%s", job->cosigning->fault.message);
    else if (!points_witness_named(decide->state, key, job->cosigning->witness.name))
        job_refuse(job, REFUSAL(NOT_PERMITTED), "add_cosignature.note",
            "the cosignature's name is not the one that the witness's key was registered under");
    return !job->refusal.code;
}

// A witness cosigns after the checkpoint was made, and not in the future.
static bool time_sane(const struct decide *decide, struct job *job)
{
    int64_t time = job->cosigning->cosignature.time, now = decide->clock.wall_s;
    struct ledger_error error = {"it has not so many blocks"};
    struct ledger_tip tip;
    struct ledger_reading *reading = ledger_read_begin(decide->history->ledger, &error);
    bool known = reading && ledger_read_tip(reading, job->cosigning->checkpoint.size, &tip, &error);
    ledger_read_end(reading);
    if (!known)
        job_refuse(job, REFUSAL(OUT_OF_RANGE), "add_cosignature.note", "%s", error.message);
    else if (time <= 0 || time > now + SKEW_MAX_S || (decide->clock.counts && time < tip.time - SKEW_MAX_S))
        job_refuse(job, REFUSAL(COSIGNATURE_TIME), "add_cosignature.note",
            "the cosignature's time, %lld, is before the checkpoint's last block or more than %d s after the daemon's "
            "clock, %lld",
            (long long)time, SKEW_MAX_S, (long long)now);
    return !job->refusal.code;
}

static bool of_this_tree(const struct decide *decide, struct job *job)
{
    const struct note_checkpoint *checkpoint = &job->cosigning->checkpoint;
    if (ledger_has_root(decide->history->ledger, checkpoint->size, checkpoint->root))
        return true;
    fprintf(stderr,
        "pointsd: a witness has a checkpoint of %llu blocks that is signed with this daemon's key, and its root is not "
        "this ledger's: tell the auditors\n",
        (unsigned long long)checkpoint->size);
    job_refuse(job, REFUSAL(CHECKPOINT_DIFFERS), "add_cosignature.note",
        "the ledger's root over %llu blocks is another one; keep this checkpoint and tell the auditors",
        (unsigned long long)checkpoint->size);
    return false;
}

void cosign_judge(struct decide *decide, struct job *job)
{
    if (!by_a_witness(decide, job) || !time_sane(decide, job) || !of_this_tree(decide, job))
        return;
    if (decide->disk_full)
        job_refuse(job, REFUSAL(DISK_FULL), "", "the ledger's disk is nearly full; send it again when there is room");
    job->journal_answers = !job->refusal.code;
}

// ---- the journal

// What is kept of the checkpoint's day, with the line added, into `note`; unchanged when it has that line or a later
// one. False: refused.
static bool add_line(struct job *job, bool any_kept, char *note, bool *changed)
{
    const struct cosigning *cosigning = job->cosigning;
    struct note_checkpoint kept = {.size = 0};
    struct note_cosignature before;
    struct note_fault fault;
    if (any_kept)
        note_read_checkpoint(note, &kept, &fault);
    if (kept.size > cosigning->checkpoint.size) {
        job_refuse(job, REFUSAL(CHECKPOINT_PASSED), "add_cosignature.note",
            "of its day the checkpoint of %llu blocks is cosigned already; cosign the newest one",
            (unsigned long long)kept.size);
        return false;
    }
    if (kept.size < cosigning->checkpoint.size)
        snprintf(note, NOTE_BYTES_MAX, "%s", cosigning->own);
    *changed =
        !note_open_cosignature(note, &cosigning->witness, &before, &fault) || before.time < cosigning->cosignature.time;
    if (*changed && !note_add_line(note, &cosigning->cosignature))
        job_refuse(job, REFUSAL(COSIGNATURES_FULL), "add_cosignature.note",
            "this checkpoint has as many cosignatures as fit; cosign the newest one");
    return !job->refusal.code;
}

static bool find_kept(
    struct ledger *ledger, const struct job *job, uint64_t *day, char *note, bool *any_kept, struct ledger_error *error)
{
    struct ledger_tip tip;
    struct ledger_reading *reading = ledger_read_begin(ledger, error);
    bool read = reading && ledger_read_tip(reading, job->cosigning->checkpoint.size, &tip, error);
    uint64_t found_day = *day = read ? tip.day : 0;
    int found = read ? ledger_read_kept_day(reading, LEDGER_COSIGNED, &found_day, note, error) : -1;
    ledger_read_end(reading);
    *any_kept = found == 1 && found_day == *day;
    return found >= 0;
}

bool cosign_keep(struct ledger *ledger, struct job *job, struct ledger_error *error)
{
    Points__V1__Response response = POINTS__V1__RESPONSE__INIT;
    Points__V1__AddCosignatureReply reply = POINTS__V1__ADD_COSIGNATURE_REPLY__INIT;
    char note[NOTE_BYTES_MAX];
    uint64_t day;
    bool any_kept, changed;
    if (!find_kept(ledger, job, &day, note, &any_kept, error))
        return false;
    if (add_line(job, any_kept, note, &changed) && changed && !ledger_keep_cosigned(ledger, day, note, error))
        return false;
    reply.note = note;
    response.body_case = RESPONSE(ADD_COSIGNATURE);
    response.add_cosignature = &reply;
    job_respond(job, &response);
    return true;
}
