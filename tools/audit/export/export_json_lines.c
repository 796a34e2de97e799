// An export as JSON lines: an object a transaction, with all its fields; driven by the messages' own descriptors, so
// that none is forgotten.
#include "tools/audit/export/export.h"
#include "tools/jst.h"
#include "tools/json_text.h"
#include "tools/outcome_names.h"
#include "tools/uuid7.h"

#include <inttypes.h>
#include <string.h>

static void print_message(const ProtobufCMessage *message, FILE *file);

static void print_id(const uint8_t *id, FILE *file)
{
    char text[ID_TEXT_BYTES];
    id_print(id, text);
    fprintf(file, "\"%s\"", text);
}

// Ids as such, keys and digests as hex digits.
static void print_bytes(const ProtobufCBinaryData *bytes, FILE *file)
{
    if (bytes->len == ID_BYTES) {
        print_id(bytes->data, file);
        return;
    }
    fputc('"', file);
    for (size_t i = 0; i < bytes->len; i++)
        fprintf(file, "%02x", bytes->data[i]);
    fputc('"', file);
}

static void print_time(int64_t unix_s, FILE *file)
{
    char text[JST_TIME_BYTES];
    jst_print_time(unix_s, text);
    fprintf(file, "\"%s\"", text);
}

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), end_size = strlen(end);
    return size >= end_size && !strcmp(text + size - end_size, end);
}

// Codes and days have their own form.
static void print_uint32(const char *name, uint32_t number, FILE *file)
{
    char day[JST_DAY_BYTES];
    if (!strcmp(name, "municipality") || !strcmp(name, "municipalities")) {
        fprintf(file, "\"%06" PRIu32 "\"", number);
    } else if (ends_with(name, "_day")) {
        jst_print_day(number, day);
        fprintf(file, "\"%s\"", day);
    } else {
        fprintf(file, "%" PRIu32, number);
    }
}

static void print_enum(const ProtobufCEnumDescriptor *type, int number, FILE *file)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(type, number);
    json_text(value ? value->name : "?", file);
}

// One value, which lies `at`.
static void print_value(const ProtobufCFieldDescriptor *field, const void *at, FILE *file)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        json_text(*(const char *const *)at, file);
        break;
    case PROTOBUF_C_TYPE_BYTES:
        print_bytes(at, file);
        break;
    case PROTOBUF_C_TYPE_ENUM:
        print_enum(field->descriptor, *(const int *)at, file);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        fputs(*(const protobuf_c_boolean *)at ? "true" : "false", file);
        break;
    case PROTOBUF_C_TYPE_UINT32:
        print_uint32(field->name, *(const uint32_t *)at, file);
        break;
    case PROTOBUF_C_TYPE_UINT64:
        fprintf(file, "%" PRIu64, *(const uint64_t *)at);
        break;
    case PROTOBUF_C_TYPE_INT64: // every one is a moment
        print_time(*(const int64_t *)at, file);
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        print_message(*(const ProtobufCMessage *const *)at, file);
        break;
    default: // proto/ has no other types
        fputs("null", file);
    }
}

// Repeated fields are of messages or 32-bit numbers.
static void print_repeated(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, FILE *file)
{
    size_t count = *(const size_t *)((const uint8_t *)message + field->quantifier_offset);
    size_t size = field->type == PROTOBUF_C_TYPE_UINT32 ? sizeof(uint32_t) : sizeof(void *);
    const uint8_t *first = *(const uint8_t *const *)((const uint8_t *)message + field->offset);
    fputc('[', file);
    for (size_t i = 0; i < count; i++) {
        fputs(i ? "," : "", file);
        print_value(field, first + i * size, file);
    }
    fputc(']', file);
}

// Zeros are shown too; a message that is not there is not.
static void print_message(const ProtobufCMessage *message, FILE *file)
{
    const char *comma = "";
    fputc('{', file);
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        const uint8_t *at = (const uint8_t *)message + field->offset;
        bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
        if (!repeated && field->type == PROTOBUF_C_TYPE_MESSAGE && !*(const void *const *)at)
            continue;
        fprintf(file, "%s\"%s\":", comma, field->name);
        if (repeated)
            print_repeated(message, field, file);
        else
            print_value(field, at, file);
        comma = ",";
    }
    fputc('}', file);
}

static void print_whose(const struct export_row *row, FILE *file)
{
    if (row->account) {
        fputs(",\"account\":", file);
        print_id(row->account, file);
    }
    if (row->municipality)
        fprintf(file, ",\"municipality\":\"%06" PRIu32 "\"", row->municipality);
}

static void write_row(struct export *export, const struct export_row *row)
{
    FILE *file = export->file;
    fprintf(file, "{\"sequence\":%" PRIu64 ",\"block\":%" PRIu64 ",\"time\":", row->sequence, row->block);
    print_time(row->time, file);
    fprintf(file, ",\"type\":\"%s\",\"id\":", transaction_name(row->transaction->body_case));
    print_id(row->transaction->id.data, file);
    print_whose(row, file);
    fprintf(file, ",\"outcome\":\"%s\",\"points\":%" PRIu64 ",\"expired\":%" PRIu64 ",\"previous\":%" PRIu64,
        outcome_name(row->outcome.code), row->outcome.points, row->outcome.expired, row->outcome.previous);
    fputs(",\"fields\":", file);
    print_message((const ProtobufCMessage *)row->transaction->award, file); // all bodies lie in the same place
    fputs("}\n", file);
}

const struct export_writer export_json_lines = {.row = write_row};
