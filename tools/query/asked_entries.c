// Entries of the ledger that the daemon is asked for.
#include "tools/query/asked_entries.h"

#include <stdlib.h>

static void need_whole(const Points__V1__LedgerEntry *entry)
{
    if (!entry || !entry->transaction || !entry->outcome)
        fail(EXIT_FAILED, "the daemon's answer lacks a part");
}

static const Points__V1__Response *ask(struct asked_entries *asked, request_type type, void *body)
{
    Points__V1__Response *response = context_call(asked->context, type, body);
    asked->responses = xrealloc(asked->responses, (asked->count + 1) * sizeof(Points__V1__Response *));
    asked->responses[asked->count++] = response;
    return response;
}

static const Points__V1__LedgerEntry *by_id(void *source, const ProtobufCBinaryData *id)
{
    Points__V1__GetTransaction query = POINTS__V1__GET_TRANSACTION__INIT;
    query.id = *id;
    const Points__V1__LedgerEntry *entry = ask(source, REQUEST(GET_TRANSACTION), &query)->transaction->entry;
    need_whole(entry);
    return entry;
}

static void of_account(void *source, const ProtobufCBinaryData *account, entry_fn *take, void *data)
{
    enum { PAGE_ROWS = 100 };
    Points__V1__GetStatement query = POINTS__V1__GET_STATEMENT__INIT;
    query.account = *account;
    query.limit = PAGE_ROWS;
    do {
        const Points__V1__StatementReply *page = ask(source, REQUEST(GET_STATEMENT), &query)->statement;
        for (size_t i = 0; i < page->n_entries; i++) {
            need_whole(page->entries[i]);
            take(data, page->entries[i]);
        }
        query.before = page->next;
    } while (query.before);
}

void asked_entries_begin(struct asked_entries *asked, struct context *context)
{
    *asked = (struct asked_entries){{asked, by_id, of_account}, context, NULL, 0};
}

void asked_entries_free(struct asked_entries *asked)
{
    for (size_t i = 0; i < asked->count; i++)
        client_free_response(asked->responses[i]);
    free(asked->responses);
}
