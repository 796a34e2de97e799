// All that a transaction says, in one line: whoever countersigns must see what.
#pragma once

#include "proto/formats.h"

// "quest=1 points=100 first_day=18943 (2021-11-12)"; the caller frees. `notice_text`, canonical, follows the fields of
// a PostNotice; NULL: none.
char *transaction_text(const Points__V1__Transaction *transaction, const ProtobufCBinaryData *notice_text);
