// The rows of queries that answer in pages, whole.
#pragma once

#include "tools/command/points.h"

struct donation_rows {
    Points__V1__DonationTotal *at;
    size_t count;
    uint64_t last_sequence; // of the transactions counted
};
struct circulation_rows {
    Points__V1__CirculationRow *at;
    size_t count;
    uint64_t last_sequence; // of the transactions counted
};
struct expiry_rows {
    Points__V1__ExpiryRow *at;
    size_t count;
    uint64_t last_sequence; // of the transactions counted
};
struct conversion_rows {
    Points__V1__ConversionTotal *at;
    size_t count;
    uint64_t last_sequence; // of the transactions counted
};

// Each asks from offset 0 to the end; ends the process when it is refused. The caller frees `at`.
struct donation_rows donation_rows_fetch(struct context *context, Points__V1__GetDonationTotals *ask);
struct circulation_rows circulation_rows_fetch(struct context *context, Points__V1__GetCirculation *ask);
struct expiry_rows expiry_rows_fetch(struct context *context, Points__V1__GetExpiry *ask);
struct conversion_rows conversion_rows_fetch(struct context *context, Points__V1__GetConversionTotals *ask);

// Whole answers whose pages need not belong together: rows only ever become more, at the end, or leave.
typedef void pending_conversion_fn(void *data, const Points__V1__PendingConversion *conversion);
void pending_conversions_walk(struct context *context, pending_conversion_fn *take, void *data);
typedef void settlements_page_fn(void *data, const Points__V1__SettlementsReply *page);
void settlements_walk(struct context *context, Points__V1__GetSettlements *ask, settlements_page_fn *take, void *data);
