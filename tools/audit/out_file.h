// The files that a command is told to write: which ones it must not.
#pragma once

#include "tools/audit/audit.h"

// The option's file must be none of a ledger's own: neither by its name, wherever it lies, nor, through links, one of
// the ledger's in `dir`. Else, wrong use. An option that is not given is right.
void audit_need_other_file(const struct audit *audit, const char *dir, const char *option);
// Both options, if given, must name different files. Else, wrong use.
void audit_need_two_files(const struct audit *audit, const char *one, const char *other);
