// A connection used without waiting: bytes out as far as the socket takes them, whole frames in.
#pragma once

#include "proto/wire.h"
#include "tools/client.h"

#include <stdbool.h>
#include <sys/uio.h>

struct link;

// What its owner does with it.
struct link_events {
    void (*on_answer)(void *owner, uint64_t id, struct span body, uint8_t tag, uint64_t now_ns);
    void (*on_turn)(void *owner, uint64_t now_ns); // after the answers of one read, and when the socket has room again
};

struct link {
    struct client *client; // whose socket it is
    const struct link_events *events;
    void *owner;
    uint8_t *in;
    size_t in_begin, in_end;
    bool full; // the socket takes no more; on_turn comes when it does
};

uint64_t link_now_ns(void); // CLOCK_MONOTONIC

// Connects and, with a key, proves it. Ends the process when that fails. `poll` is an epoll descriptor.
void link_open(struct link *link, const char *address, const struct keyfile *key, int poll,
    const struct link_events *events, void *owner);
void link_close(struct link *link);

// Writes pieces as far as the socket takes them; the bytes it took.
size_t link_write(struct link *link, const struct iovec *pieces, int count);
// To be called with the events that epoll gives.
void link_ready(struct link *link, uint32_t events);
