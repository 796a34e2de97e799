// An envelope's bytes taken apart, once: the canonical form checked and the transactions unpacked in the same walk.
#pragma once

#include "proto/canonical.h"
#include "proto/formats.h"

// As canonical_check and then protobuf-c's unpack, byte for byte the same verdict; several times as fast where the
// transactions are those that residents make all day. After CANONICAL_OK `*envelope` lives in `allocator`, which is
// never asked to free, and points into `bytes`; NULL when it has no room.
enum canonical_result envelope_read(const uint8_t *bytes, size_t size, ProtobufCAllocator *allocator,
    Points__V1__Envelope **envelope, struct canonical_fault *fault);
