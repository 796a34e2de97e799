// The options of post-notice that make its text.
#pragma once

#include "tools/command/points.h"

// --text LANGUAGE=FILE, again for each language, and --link, as the canonical bytes of a NoticeText. A FILE is plain
// UTF-8: its first line is the title, each further line that is not blank a paragraph. What is wrong ends the process.
// The caller frees `data`.
ProtobufCBinaryData notice_options_read(struct context *context);
