// Commands for what residents do: awards, donations, conversions.
#include "points/quest.h"
#include "tools/command/submit.h"
#include "tools/file.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>

#define BYTES(array) ((ProtobufCBinaryData){sizeof(array), (array)})

// ---- awards

// SHA-256 of a file, as the backend keeps the receipt.
static void digest_file(const char *path, uint8_t digest[HASH_BYTES])
{
    enum { RECEIPT_BYTES_MAX = 1 << 28 };
    struct tool_error error;
    size_t size;
    uint8_t *bytes = file_read(path, RECEIPT_BYTES_MAX, &size, &error);
    if (!bytes)
        fail(EXIT_WRONG_USE, "%s", error.message);
    crypto_hash_sha256(digest, bytes, size);
    free(bytes);
}

static void read_digest(const struct context *context, uint8_t digest[HASH_BYTES])
{
    const char *hex = option_get(&context->line, "receipt-digest"), *path = option_get(&context->line, "receipt-file");
    if (!hex == !path)
        fail_usage(&context->line, "a receipt needs --receipt-digest HEX or --receipt-file FILE, one of them");
    if (path)
        digest_file(path, digest);
    else
        parse_digest(&context->line, "--receipt-digest", hex, digest);
}

// False: the award is without a receipt.
static bool read_receipt(struct context *context, uint8_t digest[HASH_BYTES], Points__V1__Receipt *receipt)
{
    static const char *const options[] = {"receipt-digest", "receipt-file", "shop", "yen"};
    bool any = false;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        any |= option_get(&context->line, options[i]) != NULL;
    if (!any)
        return false;
    read_digest(context, digest);
    *receipt = (Points__V1__Receipt)POINTS__V1__RECEIPT__INIT;
    receipt->digest = (ProtobufCBinaryData){HASH_BYTES, digest};
    receipt->shop =
        (uint32_t)parse_number(&context->line, "--shop", option_xget(&context->line, "shop"), 1, UINT32_MAX);
    receipt->amount_yen = parse_number(&context->line, "--yen", option_xget(&context->line, "yen"), 0, UINT64_MAX);
    const struct programme_name *shop = context_named(context, PART(SHOPS), receipt->shop);
    if (!shop)
        fail(EXIT_WRONG_USE, "no shop has the number %" PRIu32 "; see `points programme shops`", receipt->shop);
    receipt->municipality = shop->municipality;
    return true;
}

static int run_award(struct context *context)
{
    uint8_t account[ID_BYTES], digest[HASH_BYTES];
    const char *occurred_at = option_get(&context->line, "occurred-at");
    Points__V1__Receipt receipt;
    parse_id(&context->line, "ACCOUNT", argument_xget(&context->line, 0), account);
    Points__V1__Award body = POINTS__V1__AWARD__INIT;
    body.account = BYTES(account);
    body.quest = (uint32_t)parse_number(&context->line, "QUEST", argument_xget(&context->line, 1), 1, QUEST_NUMBER_MAX);
    body.occurred_at = occurred_at ? parse_time(&context->line, "--occurred-at", occurred_at)
                                   : client_hello(context_client(context))->time;
    if (read_receipt(context, digest, &receipt))
        body.receipt = &receipt;
    return submit_transaction(context, TRANSACTION(AWARD), &body);
}

// ---- donations and conversions

static int run_donate(struct context *context)
{
    uint8_t account[ID_BYTES];
    parse_id(&context->line, "ACCOUNT", argument_xget(&context->line, 0), account);
    Points__V1__Donate body = POINTS__V1__DONATE__INIT;
    body.account = BYTES(account);
    body.purpose = (uint32_t)parse_number(&context->line, "PURPOSE", argument_xget(&context->line, 2), 1, UINT32_MAX);
    body.points = parse_number(&context->line, "POINTS", argument_xget(&context->line, 3), 0, UINT64_MAX);
    body.municipality = context_municipality(context, argument_xget(&context->line, 1));
    return submit_transaction(context, TRANSACTION(DONATE), &body);
}

static int run_convert(struct context *context)
{
    uint8_t account[ID_BYTES];
    parse_id(&context->line, "ACCOUNT", argument_xget(&context->line, 0), account);
    Points__V1__RequestConversion body = POINTS__V1__REQUEST_CONVERSION__INIT;
    body.account = BYTES(account);
    body.points = parse_number(&context->line, "POINTS", argument_xget(&context->line, 1), 0, UINT64_MAX);
    return submit_transaction(context, TRANSACTION(REQUEST_CONVERSION), &body);
}

static int run_settle(struct context *context)
{
    uint8_t conversion[ID_BYTES];
    parse_id(&context->line, "CONVERSION", argument_xget(&context->line, 0), conversion);
    Points__V1__SettleConversion body = POINTS__V1__SETTLE_CONVERSION__INIT;
    body.conversion = BYTES(conversion);
    return submit_transaction(context, TRANSACTION(SETTLE_CONVERSION), &body);
}

static int run_refuse(struct context *context)
{
    uint8_t conversion[ID_BYTES];
    const char *reason = option_get(&context->line, "reason");
    parse_id(&context->line, "CONVERSION", argument_xget(&context->line, 0), conversion);
    Points__V1__RefuseConversion body = POINTS__V1__REFUSE_CONVERSION__INIT;
    body.conversion = BYTES(conversion);
    if (reason)
        body.reason = (char *)reason;
    return submit_transaction(context, TRANSACTION(REFUSE_CONVERSION), &body);
}

const struct command commands_residents[] = {
    {"award",
        "ACCOUNT QUEST [--occurred-at TIME] [--receipt-digest HEX] [--receipt-file FILE] [--shop SHOP] [--yen YEN] "
        "[--id ID]",
        "award a quest's points (TIME: now, by the ledger's clock)", "app", 1, run_award},
    {"donate", "ACCOUNT MUNICIPALITY PURPOSE POINTS [--id ID]", "donate points to the home municipality", "app", 1,
        run_donate},
    {"convert", "ACCOUNT POINTS [--id ID]", "request a conversion into WAON", "app", 1, run_convert},
    {"settle", "CONVERSION [--id ID]", "settle a conversion, by the id of its request", "waon", 1, run_settle},
    {"refuse", "CONVERSION [--reason TEXT] [--id ID]", "refuse a conversion, by the id of its request", "waon", 1,
        run_refuse},
    {0},
};
