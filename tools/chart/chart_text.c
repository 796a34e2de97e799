// Numbers as charts tell them.
#include "tools/chart/chart_text.h"

#include <math.h>
#include <stdio.h>

void chart_number(double number, int decimals, char text[CHART_NUMBER_BYTES])
{
    long long scale = 1, groups[8];
    int count = 0, at = 0;
    for (int i = 0; i < decimals; i++)
        scale *= 10;
    long long whole = llround(number * (double)scale), rest = whole % scale;
    for (whole /= scale; whole >= 1000; whole /= 1000)
        groups[count++] = whole % 1000;
    at += snprintf(text, CHART_NUMBER_BYTES, "%lld", whole);
    while (count-- > 0)
        at += snprintf(text + at, CHART_NUMBER_BYTES - (size_t)at, ",%03lld", groups[count]);
    if (decimals)
        snprintf(text + at, CHART_NUMBER_BYTES - (size_t)at, ".%0*lld", decimals, rest);
}
