// An account as tables: how it stands, what of it will expire, what it has of each quest.
#pragma once

#include "tools/names.h"
#include "tools/table.h"

struct table *account_table(const Points__V1__AccountReply *reply, struct names *names);
struct table *lots_table(const Points__V1__AccountReply *reply);
struct table *progress_table(const Points__V1__AccountReply *reply);
