// Errors of the ledger, in words: what was wrong and what to do.
#include "ledger/ledger_internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool ledger_fail(struct ledger_error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    return false;
}

const char *ledger_words(int code)
{
    switch (code) {
    case MDB_KEYEXIST:
        return "there is a record of this index already: another writer was here";
    case MDB_NOTFOUND:
        return "a record is missing: the ledger is damaged";
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INCOMPATIBLE:
    case MDB_BAD_VALSIZE:
        return "data.mdb is damaged: restore a copy";
    case MDB_PANIC:
        return "an earlier write failed: start the program again";
    case MDB_VERSION_MISMATCH:
        return "data.mdb was made by another version of LMDB: use an export";
    case MDB_INVALID:
        return "data.mdb is no LMDB database, or is damaged";
    case MDB_MAP_FULL:
        return "the ledger has reached the size of its map";
    case MDB_READERS_FULL:
        return "too many threads are reading";
    case MDB_BAD_RSLOT:
        return "this thread has a reading open already";
    case EIO:
        return "the disk failed or is full"; // LMDB shows a short write as EIO
    default:
        return code > 0 ? strerror(code) : mdb_strerror(code);
    }
}

bool ledger_fail_lmdb(struct ledger_error *error, const char *doing, int code)
{
    return ledger_fail(error, "%s: %s", doing, ledger_words(code));
}
