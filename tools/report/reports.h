// The reports, as the table in points_report.c lists them. Each returns the exit code.
#pragma once

#include "tools/command/points.h"

int run_report_donations(struct context *context);
int run_report_campaign(struct context *context);
int run_report_conversions(struct context *context);
int run_report_expiry(struct context *context);
int run_report_open_data(struct context *context);
