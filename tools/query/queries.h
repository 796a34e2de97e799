// The commands that ask, as the table in points_queries.c lists them. Each returns the exit code.
#pragma once

#include "tools/command/points.h"

int run_account(struct context *context);
int run_statement(struct context *context);
int run_homes(struct context *context);
int run_transaction(struct context *context);
int run_totals(struct context *context);
int run_conversion_totals(struct context *context);
int run_quest(struct context *context);
int run_campaign(struct context *context);
int run_circulation(struct context *context);
int run_programme(struct context *context);
int run_expiry(struct context *context);
int run_settlements(struct context *context);
int run_trial_balance(struct context *context);
int run_notices(struct context *context);
