// All that a transaction says, in one line; driven by the messages' own descriptors, so that no field is forgotten.
#include "tools/transaction_text.h"
#include "tools/error.h"
#include "tools/expiry_text.h"
#include "tools/jst.h"
#include "tools/municipality_list.h"
#include "tools/uuid7.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void print_message(const ProtobufCMessage *message, FILE *file);

static void print_bytes(const ProtobufCBinaryData *bytes, FILE *file)
{
    char id[ID_TEXT_BYTES];
    if (bytes->len == ID_BYTES) {
        id_print(bytes->data, id);
        fputs(id, file);
        return;
    }
    for (size_t i = 0; i < bytes->len; i++)
        fprintf(file, "%02x", bytes->data[i]);
}

static void print_time(int64_t unix_s, FILE *file)
{
    char text[JST_TIME_BYTES];
    jst_print_time(unix_s, text);
    fprintf(file, " (%s JST)", text);
}

// Who signs it second should not have to count days.
static void print_expiry(const Points__V1__Expiry *expiry, FILE *file)
{
    char text[EXPIRY_TEXT_BYTES];
    expiry_print(expiry, text);
    fprintf(file, " (%s)", text);
}

// Codes are the country's, whatever the ledger; NULL: none of the programme's twelve.
static const char *municipality_name(uint32_t code)
{
    static struct municipality_list list;
    if (!list.count)
        municipality_list_read(NULL, &list);
    for (size_t i = 0; i < list.count; i++)
        if (list.rows[i].code == code)
            return list.rows[i].name_ja;
    return NULL;
}

static void print_municipality(uint32_t code, FILE *file)
{
    const char *name = municipality_name(code);
    fprintf(file, "%06" PRIu32, code);
    if (name)
        fprintf(file, " (%s)", name);
}

static void print_uint32(const char *name, uint32_t number, FILE *file)
{
    char day[JST_DAY_BYTES];
    if (!strcmp(name, "municipality") || !strcmp(name, "municipalities")) {
        print_municipality(number, file);
        return;
    }
    fprintf(file, "%" PRIu32, number);
    if (!strstr(name, "_day"))
        return;
    jst_print_day(number, day);
    fprintf(file, " (%s)", day);
}

// One value, which lies `at`.
static void print_value(const ProtobufCFieldDescriptor *field, const void *at, FILE *file)
{
    const ProtobufCEnumValue *value;
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        fputs(*(const char *const *)at, file);
        break;
    case PROTOBUF_C_TYPE_BYTES:
        print_bytes(at, file);
        break;
    case PROTOBUF_C_TYPE_ENUM:
        value =
            protobuf_c_enum_descriptor_get_value((const ProtobufCEnumDescriptor *)field->descriptor, *(const int *)at);
        fputs(value ? value->name : "?", file);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        fputs(*(const protobuf_c_boolean *)at ? "yes" : "no", file);
        break;
    case PROTOBUF_C_TYPE_UINT32:
        print_uint32(field->name, *(const uint32_t *)at, file);
        break;
    case PROTOBUF_C_TYPE_UINT64:
        fprintf(file, "%" PRIu64, *(const uint64_t *)at);
        break;
    case PROTOBUF_C_TYPE_INT64: // every one is a moment
        fprintf(file, "%" PRId64, *(const int64_t *)at);
        print_time(*(const int64_t *)at, file);
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        fputc('(', file);
        print_message(*(const ProtobufCMessage *const *)at, file);
        fputc(')', file);
        break;
    default:
        fputc('?', file);
    }
}

static size_t value_size(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_UINT32 ? sizeof(uint32_t) : sizeof(void *);
}

// Repeated fields are of messages, strings or 32-bit numbers.
static void print_field(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, FILE *file)
{
    const uint8_t *at = (const uint8_t *)message + field->offset;
    fprintf(file, "%s=", field->name);
    if (field->label != PROTOBUF_C_LABEL_REPEATED) {
        print_value(field, at, file);
        return;
    }
    size_t count = *(const size_t *)((const uint8_t *)message + field->quantifier_offset);
    for (size_t i = 0; i < count; i++) {
        fputs(i ? "," : "", file);
        print_value(field, *(const uint8_t *const *)at + i * value_size(field), file);
    }
}

// Numbers that are 0 where there is none. Others, such as the points of a budget, mean what they say.
static bool zero_is_none(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    static const char *const names[] = {"quest", "campaign", "purpose", "municipality", "cap_points", "grace_s",
        "times", "residents_max", "bonus_municipalities", "bonus_points"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(field->name, names[i]))
            return true;
    return message->descriptor == &points__v1__define_quest__descriptor && !strcmp(field->name, "points");
}

static bool is_zero(const ProtobufCFieldDescriptor *field, const uint8_t *at)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_UINT32:
        return *(const uint32_t *)at == 0;
    case PROTOBUF_C_TYPE_UINT64:
        return *(const uint64_t *)at == 0;
    default:
        return false;
    }
}

// What is not there, a receipt, a list, a text or a number, goes without saying.
static bool is_there(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const uint8_t *at = (const uint8_t *)message + field->offset;
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return *(const size_t *)((const uint8_t *)message + field->quantifier_offset) > 0;
    if (field->type == PROTOBUF_C_TYPE_STRING)
        return **(const char *const *)at;
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        return *(const void *const *)at;
    return !is_zero(field, at) || !zero_is_none(message, field);
}

static void print_message(const ProtobufCMessage *message, FILE *file)
{
    const char *blank = "";
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        if (!is_there(message, field))
            continue;
        fputs(blank, file);
        print_field(message, field, file);
        blank = " ";
    }
    if (message->descriptor == &points__v1__expiry__descriptor)
        print_expiry((const Points__V1__Expiry *)message, file);
}

static void print_notice_text(const ProtobufCBinaryData *bytes, FILE *file)
{
    Points__V1__NoticeText *text = points__v1__notice_text__unpack(NULL, bytes->len, bytes->data);
    if (!text)
        fail(EXIT_FAILED, "out of memory");
    fputs(" text=(", file);
    print_message(&text->base, file);
    fputc(')', file);
    points__v1__notice_text__free_unpacked(text, NULL);
}

char *transaction_text(const Points__V1__Transaction *transaction, const ProtobufCBinaryData *notice_text)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    if (!file)
        fail(EXIT_FAILED, "out of memory");
    print_message((const ProtobufCMessage *)transaction->award, file); // all bodies lie in the same place
    if (transaction->body_case == TRANSACTION(SET_POLICY) &&
        transaction->set_policy->policy == POLICY(CONVERSION_OPENS_AT))
        print_time((int64_t)transaction->set_policy->value, file);
    if (notice_text)
        print_notice_text(notice_text, file);
    if (fclose(file) != 0)
        fail(EXIT_FAILED, "out of memory");
    return text;
}
