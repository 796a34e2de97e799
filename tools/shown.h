// What somebody typed or wrote into a file, as messages show it.
#pragma once

// At most 60 bytes, cut between characters with "…" behind, and "?" for control characters. Lives until the fourth call
// after it.
const char *shown(const char *text);
