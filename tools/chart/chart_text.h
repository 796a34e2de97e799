// Numbers as charts tell them.
#pragma once

enum { CHART_NUMBER_BYTES = 40 };

// 1234567.5 with one decimal: "1,234,567.5"; whatever the locale.
void chart_number(double number, int decimals, char text[CHART_NUMBER_BYTES]);
