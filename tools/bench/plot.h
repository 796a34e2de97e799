// A run drawn as SVG: throughput and latency over time.
#pragma once

#include "tools/bench/timeline.h"

// `queries` NULL: none were asked. Ends the process when the file cannot be written.
void plot_write(const char *path, const char *title, const struct timeline *load, const struct timeline *queries);
