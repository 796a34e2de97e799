#include "tools/bench/report.h"
#include "tools/error.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

// A row is shown when its value is not NAN; in JSON it is null then.
struct row {
    const char *key, *label, *unit;
    int decimals;
    double value;
};

static double per(double amount, double count)
{
    return count > 0 ? amount / count : NAN;
}

static double quantile_ms(const struct histogram *histogram, double share)
{
    return histogram->count ? (double)histogram_quantile_ns(histogram, share) / 1e6 : NAN;
}

static double grown(bool has_server, uint64_t from, uint64_t to)
{
    return has_server ? (double)to - (double)from : NAN;
}

static double used_s(bool has_server, double from, double to)
{
    return has_server ? to - from : NAN;
}

static void print_people(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char text[64], grouped[96];
        size_t used = 0, whole;
        if (isnan(rows[i].value) || !rows[i].label)
            continue;
        snprintf(text, sizeof text, "%.*f", rows[i].decimals, rows[i].value);
        for (whole = 0; text[whole] && text[whole] != '.'; whole++) {
        }
        for (size_t at = 0; text[at]; at++) {
            if (at && at < whole && (whole - at) % 3 == 0 && text[at - 1] != '-')
                grouped[used++] = ',';
            grouped[used++] = text[at];
        }
        grouped[used] = '\0';
        printf("  %-42s %14s %s\n", rows[i].label, grouped, rows[i].unit);
    }
}

static void print_json(const char *scenario, const struct row *rows, size_t count)
{
    printf("{\"scenario\": \"%s\"", scenario);
    for (size_t i = 0; i < count; i++) {
        if (isnan(rows[i].value))
            printf(", \"%s\": null", rows[i].key);
        else
            printf(", \"%s\": %.*f", rows[i].key, rows[i].decimals, rows[i].value);
    }
    puts("}");
}

void report_print(const struct measured *m)
{
    const struct load *load = m->load;
    const struct histogram *latency = load->latency, *asked = load->query_latency;
    const bool server = m->has_server;
    const struct audited *audited = &m->audited;
    double cores = (double)sysconf(_SC_NPROCESSORS_ONLN);
    double seconds = load_seconds(load), transactions = (double)load->transactions, accounts = load->plan->accounts;
    const struct row rows[] = {
        {"accounts", "accounts", "", 0, accounts},
        {"connections", "connections", "", 0, load->plan->connections},
        {"window", "requests under way, a connection", "", 0, load->order.window},
        {"transactions_per_envelope", "transactions an envelope", "", 0, m->batch},
        {"rate", "rate asked for", "tx/s", 0, load->order.rate ? (double)load->order.rate : NAN},
        {"transactions", "transactions", "", 0, transactions},
        {"seconds", "seconds", "s", 3, seconds},
        {"transactions_per_s", "throughput", "tx/s", 0, per(transactions, seconds)},
        {"requests_per_s", "envelopes", "/s", 0, per((double)load->requests, seconds)},
        {"p50_ms", "latency of an envelope, p50", "ms", 3, quantile_ms(latency, 0.5)},
        {"p90_ms", "p90", "ms", 3, quantile_ms(latency, 0.9)},
        {"p99_ms", "p99", "ms", 3, quantile_ms(latency, 0.99)},
        {"p99_9_ms", "p99.9", "ms", 3, quantile_ms(latency, 0.999)},
        {"max_ms", "max", "ms", 3, quantile_ms(latency, 1)},
        {"queries_per_s", "queries", "/s", 0, asked->count ? per((double)asked->count, seconds) : NAN},
        {"query_p50_ms", "latency of a query, p50", "ms", 3, quantile_ms(asked, 0.5)},
        {"query_p90_ms", "p90", "ms", 3, quantile_ms(asked, 0.9)},
        {"query_p99_ms", "p99", "ms", 3, quantile_ms(asked, 0.99)},
        {"query_p99_9_ms", "p99.9", "ms", 3, quantile_ms(asked, 0.999)},
        {"query_max_ms", "max", "ms", 3, quantile_ms(asked, 1)},
        {"client_user_ns_per_transaction", "client, a transaction: its own code", "ns", 0,
            per(m->client_user_s * 1e9, transactions)},
        {"client_system_ns_per_transaction", "client, a transaction: kernel", "ns", 0,
            per(m->client_system_s * 1e9, transactions)},
        {"server_user_ns_per_transaction", "daemon, a transaction: its own code", "ns", 0,
            per(used_s(server, m->begun.user_s, m->ended.user_s) * 1e9, transactions)},
        {"server_system_ns_per_transaction", "daemon, a transaction: kernel", "ns", 0,
            per(used_s(server, m->begun.system_s, m->ended.system_s) * 1e9, transactions)},
        {"client_cpu_s", "client, processor time", "s", 2, m->client_user_s + m->client_system_s},
        {"server_cpu_s", "daemon, processor time", "s", 2,
            used_s(server, m->begun.user_s + m->begun.system_s, m->ended.user_s + m->ended.system_s)},
        {"disk_bytes_per_transaction", "disk taken, a transaction", "bytes", 1,
            per(grown(server, m->begun.disk_bytes, m->ended.disk_bytes), transactions)},
        {"written_bytes_per_transaction", "written to the disk, a transaction", "bytes", 1,
            per(grown(server, m->begun.written_bytes, m->ended.written_bytes), transactions)},
        {"rss_bytes", "daemon's memory (RssAnon)", "bytes", 0, grown(server, 0, m->ended.rss_anon_bytes)},
        {"rss_bytes_per_account", "of it an account, all that grew", "bytes", 1,
            per(grown(server, m->empty.rss_anon_bytes, m->ended.rss_anon_bytes), accounts)},
        {"rss_bytes_per_transaction", "of it a transaction, since the clock started", "bytes", 1,
            per(grown(server, m->begun.rss_anon_bytes, m->ended.rss_anon_bytes), transactions)},
        {"fdatasync_p50_ms", "this disk's fdatasync of 4 KiB, p50", "ms", 3,
            server && m->fdatasync_ms >= 0 ? m->fdatasync_ms : NAN},
        {"verifies_per_s_per_core", "Ed25519 verified by one core", "/s", 0, m->verifies_per_s},
        {"cores", "cores", "", 0, cores},
        {"audit_transactions_per_s", "points-audit verify", "tx/s", 0,
            audited->seconds > 0 ? audited->transactions_per_s : NAN},
        {"audit_ed25519_percent", "of what the cores can verify in signatures", "%", 1,
            per(100 * audited->signatures, audited->seconds * cores * m->verifies_per_s)},
    };
    if (m->settings->json) {
        print_json(m->settings->scenario->name, rows, sizeof rows / sizeof *rows);
        return;
    }
    printf("%s: every outcome is as it must be, and the books hold what was sent.\n", m->settings->scenario->name);
    print_people(rows, sizeof rows / sizeof *rows);
}
