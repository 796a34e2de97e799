#include "tools/bench/link.h"
#include "tools/error.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

enum { LENGTH_BYTES = 4, IN_BYTES = 2 * (LENGTH_BYTES + RESPONSE_BYTES_MAX) };
enum { TAG_ID = 1 << 3, WIRE_KIND = 7, WIRE_SIZED = 2 };

uint64_t link_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void link_open(struct link *link, const char *address, const struct keyfile *key, int poll,
    const struct link_events *events, void *owner)
{
    struct tool_error error;
    *link = (struct link){.client = client_open(address, &error), .events = events, .owner = owner};
    if (!link->client || (key && !client_authenticate(link->client, key, NULL, &error)))
        fail_with(&error);
    link->in = xmalloc(IN_BYTES);
    int fd = client_socket(link->client);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = link};
    if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0 || epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event) != 0)
        fail(EXIT_FAILED, "a connection cannot be watched: %s", strerror(errno));
}

void link_close(struct link *link)
{
    client_close(link->client);
    free(link->in);
}

static noreturn void lost(const char *how)
{
    fail(EXIT_FAILED, "the connection to pointsd was lost (%s)", how);
}

size_t link_write(struct link *link, const struct iovec *pieces, int count)
{
    struct msghdr message = {.msg_iov = (struct iovec *)pieces, .msg_iovlen = (size_t)count};
    size_t size = 0;
    for (int i = 0; i < count; i++)
        size += pieces[i].iov_len;
    ssize_t sent;
    do
        sent = sendmsg(client_socket(link->client), &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0 && errno != EAGAIN)
        lost(strerror(errno));
    link->full = sent < (ssize_t)size;
    return sent < 0 ? 0 : (size_t)sent;
}

// A Response: its id, and one member of which tag and bytes are handed on.
static void take_response(struct link *link, struct span message, uint64_t now_ns)
{
    struct wire wire = wire_of(message);
    uint64_t id = 0, tag = wire_varint(&wire);
    if (tag == TAG_ID) {
        id = wire_varint(&wire);
        tag = wire_varint(&wire);
    }
    struct span body = wire_sized(&wire);
    if (wire.failed || !wire_ended(&wire) || (tag & WIRE_KIND) != WIRE_SIZED)
        fail(EXIT_FAILED, "the daemon's answer cannot be read; are daemon and tool of the same version?");
    link->events->on_answer(link->owner, id, body, (uint8_t)(tag >> 3), now_ns);
}

static void take_frames(struct link *link, uint64_t now_ns)
{
    uint32_t length;
    while (link->in_end - link->in_begin >= LENGTH_BYTES) {
        memcpy(&length, link->in + link->in_begin, sizeof length);
        length = ntohl(length);
        if (length > RESPONSE_BYTES_MAX)
            fail(EXIT_FAILED, "what answers there is not pointsd: a frame of %" PRIu32 " bytes", length);
        if (link->in_end - link->in_begin - LENGTH_BYTES < length)
            break;
        take_response(link, (struct span){link->in + link->in_begin + LENGTH_BYTES, length}, now_ns);
        link->in_begin += LENGTH_BYTES + length;
    }
    memmove(link->in, link->in + link->in_begin, link->in_end - link->in_begin);
    link->in_end -= link->in_begin;
    link->in_begin = 0;
}

static size_t read_some(struct link *link, size_t room)
{
    ssize_t size;
    do
        size = recv(client_socket(link->client), link->in + link->in_end, room, 0);
    while (size < 0 && errno == EINTR);
    if (size == 0)
        lost("the daemon closed it");
    if (size < 0 && errno != EAGAIN)
        lost(strerror(errno));
    return size < 0 ? 0 : (size_t)size;
}

// A read that does not fill the room has taken all there was (epoll(7), edge-triggered).
void link_ready(struct link *link, uint32_t events)
{
    size_t size, room = 0;
    uint64_t now_ns = link_now_ns();
    if (events & EPOLLOUT)
        link->full = false;
    do {
        room = IN_BYTES - link->in_end;
        size = events & ~(uint32_t)EPOLLOUT ? read_some(link, room) : 0;
        link->in_end += size;
        if (size)
            take_frames(link, now_ns);
    } while (size == room);
    link->events->on_turn(link->owner, now_ns);
}
