// All checks, one after the other.
#include "tests/campaign/check.h"
#include "tests/campaign/check_parts.h"

#include <inttypes.h>

void same(const char *what, uint64_t daemon, uint64_t ours)
{
    if (daemon != ours)
        fail(EXIT_FAILED, "%s: the daemon says %" PRIu64 ", the campaign counted %" PRIu64, what, daemon, ours);
}

uint32_t position(const struct model *model, uint32_t code)
{
    for (uint32_t i = 0; i < MUNICIPALITIES; i++)
        if (model->codes[i] == code)
            return i;
    fail(EXIT_FAILED, "the daemon knows a municipality %06" PRIu32 ", the campaign does not", code);
}

Points__V1__Response *ask(struct client *client, int request_kind, void *body, int response_kind)
{
    struct tool_error error;
    Points__V1__Request request = POINTS__V1__REQUEST__INIT;
    request.body_case = (Points__V1__Request__BodyCase)request_kind;
    request.hello = body; // all bodies are pointers in one union
    Points__V1__Response *response = client_call(client, &request, &error);
    if (!response)
        fail_with(&error);
    if ((int)response->body_case != response_kind)
        fail(EXIT_FAILED, "the daemon answered a query with something else");
    return response;
}

static void check_ledger(struct stream *stream, struct client *client)
{
    Points__V1__Hello hello = POINTS__V1__HELLO__INIT;
    Points__V1__Response *response = ask(client, REQUEST(HELLO), &hello, RESPONSE(HELLO));
    same("blocks", response->hello->blocks, stream_blocks(stream));
    same("transactions", response->hello->transactions, stream_transactions(stream));
    client_free_response(response);
}

void check_everything(const struct model *model, struct stream *stream)
{
    struct client *client = stream_session(stream);
    check_ledger(stream, client);
    check_books(model, client, stream_transactions(stream));
    check_expiry(model, client);
    check_quests(model, client);
    check_circulation(model, client);
    check_donations(model, client);
    check_settlements(model, client);
    check_pending(model, client);
    check_notices(model, client);
    check_accounts(model, client);
}
