#include "proto/canonical.h"
#include "proto/wire.h"
#include "proto/formats.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { DEPTH_MAX = 8, TEXT_NAME_MAX = 100, TEXT_REASON_MAX = 200, NOTE_TEXT_MAX = 8191 };

// Sizes that the descriptors do not know: bytes of a bytes or string field, or entries of a repeated one. What
// residents send most stands first, since the table is searched from the top.
struct size_rule {
    const ProtobufCMessageDescriptor *type;
    uint32_t field;
    uint32_t min, max;
};

#define TYPE(name) &points__v1__##name##__descriptor
static const struct size_rule size_rules[] = {
    {TYPE(transaction), 1, ID_BYTES, ID_BYTES},
    {TYPE(award), 1, ID_BYTES, ID_BYTES},
    {TYPE(donate), 1, ID_BYTES, ID_BYTES},
    {TYPE(request_conversion), 1, ID_BYTES, ID_BYTES},
    {TYPE(settle_conversion), 1, ID_BYTES, ID_BYTES},
    {TYPE(refuse_conversion), 1, ID_BYTES, ID_BYTES},
    {TYPE(refuse_conversion), 2, 0, TEXT_REASON_MAX},
    {TYPE(open_account), 1, ID_BYTES, ID_BYTES},
    {TYPE(move_account), 1, ID_BYTES, ID_BYTES},
    {TYPE(receipt), 1, HASH_BYTES, HASH_BYTES},
    {TYPE(close_account), 1, ID_BYTES, ID_BYTES},
    {TYPE(envelope), 1, HASH_BYTES, HASH_BYTES},
    {TYPE(envelope), 2, 1, ENVELOPE_TRANSACTIONS_MAX},
    {TYPE(signature), 1, KEY_BYTES, KEY_BYTES},
    {TYPE(signature), 2, SIGNATURE_BYTES, SIGNATURE_BYTES},
    {TYPE(signed_envelope), 1, 1, ENVELOPE_BYTES_MAX},
    {TYPE(signed_envelope), 2, 1, SIGNATURES_MAX},
    {TYPE(define_quest), 2, 1, TEXT_NAME_MAX},
    {TYPE(define_quest), 11, 0, GENESIS_MUNICIPALITIES_MAX},
    {TYPE(receipt_terms), 1, 1, RECEIPT_STEPS_MAX},
    {TYPE(change_quest), 1, 1, 1},
    {TYPE(define_campaign), 2, 1, TEXT_NAME_MAX},
    {TYPE(register_shop), 2, 1, TEXT_NAME_MAX},
    {TYPE(merge_accounts), 1, ID_BYTES, ID_BYTES},
    {TYPE(merge_accounts), 2, ID_BYTES, ID_BYTES},
    {TYPE(freeze_account), 1, ID_BYTES, ID_BYTES},
    {TYPE(freeze_account), 2, 0, TEXT_REASON_MAX},
    {TYPE(unfreeze_account), 1, ID_BYTES, ID_BYTES},
    {TYPE(unfreeze_account), 2, 0, TEXT_REASON_MAX},
    {TYPE(reverse), 1, ID_BYTES, ID_BYTES},
    {TYPE(reverse), 2, 1, TEXT_REASON_MAX},
    {TYPE(settle_donations), 4, 1, TEXT_NAME_MAX},
    {TYPE(define_purpose), 2, 1, TEXT_NAME_MAX},
    {TYPE(register_key), 1, KEY_BYTES, KEY_BYTES},
    {TYPE(register_key), 3, 1, TEXT_NAME_MAX},
    {TYPE(revoke_key), 1, KEY_BYTES, KEY_BYTES},
    {TYPE(genesis), 1, ID_BYTES, ID_BYTES},
    {TYPE(genesis), 2, 1, TEXT_NAME_MAX},
    {TYPE(genesis), 6, KEY_BYTES, KEY_BYTES},
    {TYPE(genesis), 7, 1, GENESIS_MUNICIPALITIES_MAX},
    {TYPE(genesis), 8, 0, 100},
    {TYPE(genesis), 9, 3, GENESIS_KEYS_MAX},
    {TYPE(municipality), 2, 1, TEXT_NAME_MAX},
    {TYPE(municipality), 3, 1, TEXT_NAME_MAX},
    {TYPE(authenticate), 1, KEY_BYTES, KEY_BYTES},
    {TYPE(authenticate), 2, SIGNATURE_BYTES, SIGNATURE_BYTES},
    {TYPE(get_account), 1, ID_BYTES, ID_BYTES},
    {TYPE(get_statement), 1, ID_BYTES, ID_BYTES},
    {TYPE(get_transaction), 1, ID_BYTES, ID_BYTES},
    {TYPE(dry_run), 1, 1, ENVELOPE_BYTES_MAX},
    {TYPE(add_cosignature), 1, 1, NOTE_TEXT_MAX},
    {TYPE(add_cosignature), 2, KEY_BYTES, KEY_BYTES},
    {TYPE(post_notice), 2, HASH_BYTES, HASH_BYTES},
    {TYPE(withdraw_notice), 2, ID_BYTES, ID_BYTES},
    {TYPE(withdraw_notice), 3, 0, TEXT_REASON_MAX},
    {TYPE(erase_notice), 2, ID_BYTES, ID_BYTES},
    {TYPE(notice_text), 1, 1, NOTICE_VERSIONS_MAX},
    {TYPE(notice_text), 2, 0, NOTICE_LINK_BYTES_MAX},
    {TYPE(notice_version), 1, 2, NOTICE_LANGUAGE_BYTES_MAX},
    {TYPE(notice_version), 2, 1, NOTICE_TITLE_BYTES_MAX},
    {TYPE(notice_version), 3, 0, NOTICE_PARAGRAPHS_MAX},
};
enum { SIZE_RULES = sizeof size_rules / sizeof *size_rules };

// Bytes of a value where the field itself may be absent, or may come again and again.
static const struct size_rule value_rules[] = {
    {TYPE(envelope), 3, HASH_BYTES, HASH_BYTES},
    {TYPE(signed_envelope), 3, 1, NOTICE_TEXT_BYTES_MAX},
    {TYPE(notice_version), 3, 1, NOTICE_PARAGRAPH_BYTES_MAX},
    {TYPE(get_notices), 1, ID_BYTES, ID_BYTES},
};
enum { VALUE_RULES = sizeof value_rules / sizeof *value_rules };

static const uint32_t all_entries = UINT32_MAX; // a fault of a repeated field as a whole

// One message being walked; the chain of parents is the path.
struct level {
    const struct level *parent;
    const ProtobufCMessageDescriptor *type;
    const ProtobufCFieldDescriptor *field; // where the walk stands
    uint32_t entry;                        // of a repeated field
    const uint8_t *at, *end;
    int depth;
};

static void write_path(const struct level *level, char *path, size_t size)
{
    if (level->parent)
        write_path(level->parent, path, size);
    if (!level->field)
        return;
    size_t used = strlen(path);
    const char *dot = used ? "." : "";
    if (level->field->label == PROTOBUF_C_LABEL_REPEATED && level->entry != all_entries)
        snprintf(path + used, size - used, "%s%s[%u]", dot, level->field->name, level->entry);
    else
        snprintf(path + used, size - used, "%s%s", dot, level->field->name);
}

__attribute__((format(printf, 3, 4))) static enum canonical_result malformed(
    const struct level *level, struct canonical_fault *fault, const char *format, ...)
{
    fault->field[0] = '\0';
    write_path(level, fault->field, sizeof fault->field);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(fault->problem, sizeof fault->problem, format, arguments);
    va_end(arguments);
    return CANONICAL_MALFORMED;
}

static bool read_varint(struct level *level, uint64_t *value)
{
    struct wire wire = {.at = level->at, .end = level->end};
    *value = wire_varint(&wire);
    level->at = wire.at;
    return !wire.failed;
}

static bool is_enum_value(const ProtobufCFieldDescriptor *field, uint64_t value)
{
    return value <= INT32_MAX && protobuf_c_enum_descriptor_get_value(field->descriptor, (int)value);
}

static enum canonical_result check_number(struct level *level, struct canonical_fault *fault)
{
    uint64_t value;
    if (!read_varint(level, &value))
        return malformed(level, fault, "is not a varint of the fewest bytes");
    if (value == 0)
        return malformed(level, fault, "is 0: leave the field out");
    switch (level->field->type) {
    case PROTOBUF_C_TYPE_UINT32:
        if (value > UINT32_MAX)
            return malformed(level, fault, "does not fit in 32 bits");
        return CANONICAL_OK;
    case PROTOBUF_C_TYPE_BOOL:
        if (value != 1)
            return malformed(level, fault, "is no bool");
        return CANONICAL_OK;
    case PROTOBUF_C_TYPE_ENUM:
        if (!is_enum_value(level->field, value))
            return malformed(level, fault, "has no value %llu", (unsigned long long)value);
        return CANONICAL_OK;
    default:
        return CANONICAL_OK;
    }
}

// Of three bytes. Line and paragraph separators, U+2028 and U+2029, and the bidirectional controls U+202A to U+202E and
// U+2066 to U+2069, with which a text shows as another one.
static bool is_deceptive(const uint8_t *at)
{
    return at[0] == 0xe2 &&
           ((at[1] == 0x80 && at[2] >= 0xa8 && at[2] <= 0xae) || (at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9));
}

// Length in bytes of the UTF-8 character at `at`, 0 when there is none or it may not stand in a text. RFC 3629,
// section 4.
static size_t text_character(const uint8_t *at, const uint8_t *end)
{
    size_t left = (size_t)(end - at);
    if (at[0] < 0x80)
        return at[0] >= 0x20 && at[0] != 0x7f;
    uint8_t low = 0x80, high = 0xbf;
    size_t size;
    if (at[0] >= 0xc2 && at[0] <= 0xdf)
        size = 2;
    else if (at[0] >= 0xe0 && at[0] <= 0xef)
        size = 3;
    else if (at[0] >= 0xf0 && at[0] <= 0xf4)
        size = 4;
    else
        return 0;
    if (at[0] == 0xc2 || at[0] == 0xe0)
        low = 0xa0; // U+0080 to U+009F are control characters; E0 80 would be overlong
    if (at[0] == 0xed)
        high = 0x9f; // surrogates
    if (at[0] == 0xf0)
        low = 0x90;
    if (at[0] == 0xf4)
        high = 0x8f;
    if (left < size || at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i < size; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    return size == 3 && is_deceptive(at) ? 0 : size;
}

static bool is_text(const uint8_t *at, size_t size)
{
    const uint8_t *end = at + size;
    while (at < end) {
        size_t step = text_character(at, end);
        if (!step)
            return false;
        at += step;
    }
    return true;
}

static const struct size_rule *find_rule(
    const struct size_rule *rules, size_t count, const ProtobufCMessageDescriptor *type, uint32_t field)
{
    for (const struct size_rule *rule = rules; rule < rules + count; rule++)
        if (rule->type == type && rule->field == field)
            return rule;
    return NULL;
}

// Of the bytes of one value. Most have their rule in the first table, near its top.
static const struct size_rule *value_rule_of(
    const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field)
{
    const struct size_rule *rule = NULL;
    if (field->label != PROTOBUF_C_LABEL_REPEATED)
        rule = find_rule(size_rules, SIZE_RULES, type, field->id);
    return rule ? rule : find_rule(value_rules, VALUE_RULES, type, field->id);
}

static enum canonical_result out_of_size(
    struct level *level, const struct size_rule *rule, const char *unit, uint64_t size, struct canonical_fault *fault)
{
    if (rule->min == rule->max)
        malformed(level, fault, "has %llu %s, must have %u", (unsigned long long)size, unit, rule->min);
    else
        malformed(
            level, fault, "has %llu %s, must have %u to %u", (unsigned long long)size, unit, rule->min, rule->max);
    bool of_envelope = (rule->type == TYPE(envelope) && rule->field == 2) ||
                       (rule->type == TYPE(signed_envelope) && rule->field == 1) ||
                       (rule->type == TYPE(dry_run) && rule->field == 1);
    return of_envelope && size > rule->max ? CANONICAL_TOO_LARGE : CANONICAL_MALFORMED;
}

static enum canonical_result check_message(struct level *level, struct canonical_fault *fault);

static enum canonical_result check_sized(struct level *level, struct canonical_fault *fault)
{
    uint64_t size;
    if (!read_varint(level, &size))
        return malformed(level, fault, "has a length that is no varint of the fewest bytes");
    if (size > (uint64_t)(level->end - level->at))
        return malformed(level, fault, "is cut short");
    const uint8_t *bytes = level->at;
    level->at += size;
    if (level->field->type == PROTOBUF_C_TYPE_MESSAGE) {
        if (level->depth == DEPTH_MAX)
            return malformed(level, fault, "is nested too deeply");
        struct level inner = {.parent = level,
            .type = level->field->descriptor,
            .at = bytes,
            .end = bytes + size,
            .depth = level->depth + 1};
        return check_message(&inner, fault);
    }
    if (size == 0)
        return malformed(level, fault, "is empty: leave the field out");
    const struct size_rule *rule = value_rule_of(level->type, level->field);
    if (rule && (size < rule->min || size > rule->max))
        return out_of_size(level, rule, "bytes", size, fault);
    if (level->field->type == PROTOBUF_C_TYPE_STRING && !is_text(bytes, size))
        return malformed(
            level, fault, "is not UTF-8 free of control characters, line separators and bidirectional controls");
    return CANONICAL_OK;
}

static bool is_number(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_BOOL:
        return true;
    default:
        return false;
    }
}

static enum canonical_result check_field(struct level *level, uint32_t wire_type, struct canonical_fault *fault)
{
    enum { WIRE_VARINT = 0, WIRE_SIZED = 2 };
    bool number = is_number(level->field);
    if (wire_type != (number ? WIRE_VARINT : WIRE_SIZED))
        return malformed(level, fault, "has another wire type than declared");
    return number ? check_number(level, fault) : check_sized(level, fault);
}

// What a message must have besides what its fields say: exactly one of a oneof, and fields that may not be empty.
static enum canonical_result check_presence(
    struct level *level, uint64_t seen, unsigned members, struct canonical_fault *fault)
{
    if (level->type->n_fields == 0)
        return CANONICAL_OK;
    const ProtobufCFieldDescriptor *last = &level->type->fields[level->type->n_fields - 1];
    bool has_oneof = last->flags & PROTOBUF_C_FIELD_FLAG_ONEOF;
    level->field = NULL;
    if (has_oneof && members != 1)
        return malformed(level, fault, members ? "has more than one body" : "has no body");
    for (const struct size_rule *rule = size_rules; rule < size_rules + SIZE_RULES; rule++) {
        if (rule->type != level->type || rule->min == 0 || seen & (uint64_t)1 << rule->field)
            continue;
        level->field = protobuf_c_message_descriptor_get_field(level->type, rule->field);
        level->entry = all_entries;
        return malformed(level, fault, "is missing");
    }
    return CANONICAL_OK;
}

static enum canonical_result next_field(struct level *level, uint32_t *wire_type, struct canonical_fault *fault)
{
    uint64_t tag;
    const ProtobufCFieldDescriptor *before = level->field;
    if (!read_varint(level, &tag) || tag > UINT32_MAX) {
        level->field = NULL;
        return malformed(level, fault, "ends in the middle of a field, or is no such message");
    }
    uint32_t id = (uint32_t)tag >> 3;
    *wire_type = tag & 7;
    bool repeated = before && before->label == PROTOBUF_C_LABEL_REPEATED && before->id == id;
    if (!repeated) {
        level->field = protobuf_c_message_descriptor_get_field(level->type, id);
        level->entry = 0;
    } else {
        level->entry++;
    }
    if (!level->field)
        return malformed(level, fault, "has an unknown field, number %u", id);
    if (before && !repeated && before->id >= id)
        return malformed(level, fault, before->id == id ? "stands twice" : "stands out of order");
    return CANONICAL_OK;
}

static enum canonical_result check_entries(struct level *level, uint32_t entries, struct canonical_fault *fault)
{
    const struct size_rule *rule = find_rule(size_rules, SIZE_RULES, level->type, level->field->id);
    if (!rule || (entries >= rule->min && entries <= rule->max))
        return CANONICAL_OK;
    level->entry = all_entries;
    return out_of_size(level, rule, "entries", entries, fault);
}

static enum canonical_result check_message(struct level *level, struct canonical_fault *fault)
{
    uint64_t seen = 0; // bit n: field n; no message here has fields above 63
    unsigned members = 0;
    while (level->at < level->end) {
        const ProtobufCFieldDescriptor *before = level->field;
        uint32_t entries_before = level->entry + 1;
        uint32_t wire_type = 0;
        enum canonical_result result = next_field(level, &wire_type, fault);
        if (!result && before && before != level->field && before->label == PROTOBUF_C_LABEL_REPEATED) {
            struct level past = *level;
            past.field = before;
            past.entry = entries_before - 1;
            result = check_entries(&past, entries_before, fault);
        }
        if (!result)
            result = check_field(level, wire_type, fault);
        if (result)
            return result;
        seen |= (uint64_t)1 << level->field->id;
        members += level->field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF ? 1 : 0;
    }
    if (level->field && level->field->label == PROTOBUF_C_LABEL_REPEATED) {
        enum canonical_result result = check_entries(level, level->entry + 1, fault);
        if (result)
            return result;
    }
    return check_presence(level, seen, members, fault);
}

enum canonical_result canonical_check(
    const ProtobufCMessageDescriptor *type, const uint8_t *bytes, size_t size, struct canonical_fault *fault)
{
    struct level top = {.type = type, .at = bytes, .end = bytes + size};
    return check_message(&top, fault);
}
