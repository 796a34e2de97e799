// The texts of notices, which travel beside an envelope: whether they are those that its signers signed for.
#pragma once

#include "proto/canonical.h"
#include "proto/formats.h"

#include <stdbool.h>

// One text for each PostNotice of the envelope, in their order, each the canonical form of a NoticeText with its
// languages ascending and a link, if any, that is one, and with the notice's SHA-256. Both messages are canonical. False: `fault` names where, as in
// "texts[1].versions[0].title".
bool notice_texts_check(const Points__V1__Envelope *envelope, const Points__V1__SignedEnvelope *signed_envelope,
    struct canonical_fault *fault);

// Whether it is https:// or http:// and at least one more character, all printable ASCII without blanks.
bool notice_link_is_sound(const char *link);
