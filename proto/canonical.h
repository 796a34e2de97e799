// The canonical form: one message, one sequence of bytes. See doc/protocol.md, "Canonical form".
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

enum canonical_result { CANONICAL_OK, CANONICAL_MALFORMED, CANONICAL_TOO_LARGE };

struct canonical_fault {
    char field[160];   // path, as in "transactions[3].award.account"; empty: the message itself
    char problem[120]; // what is wrong with it, for people
};

// Checks that `bytes` are the canonical form of a message of this type: field order, varints, enums, strings, oneofs,
// and the sizes of proto/. After CANONICAL_OK protobuf-c's lax parser reads what was meant, in memory of a few times
// `size`. Allocates nothing. `fault` is written unless the result is CANONICAL_OK.
enum canonical_result canonical_check(
    const ProtobufCMessageDescriptor *type, const uint8_t *bytes, size_t size, struct canonical_fault *fault);
