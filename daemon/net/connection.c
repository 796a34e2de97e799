// One client: its bytes cut into frames, its answers put into the socket, its pauses and its end.
//
// The object is freed in one place, a turn of its own on the event loop: callbacks of the owner may do what they like
// without it vanishing under the code that called them.
#include "net/net_internal.h"

#include <assert.h>
#include <errno.h>
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    HEADER_BYTES = 4,
    READ_BYTES = 60 * 1024, // with libevent's own header it fits 64 KiB, below what malloc maps afresh
    DISCARD_BYTES = 16 * 1024,
    COPY_BYTES_MAX = 4096, // copying so few is cheaper than a reference, and keeps small answers side by side
    WRITE_PIECES_MAX = 64,
    LINGER_S = 2,
};

static void on_readable(evutil_socket_t fd, short what, void *arg);
static void on_writable(evutil_socket_t fd, short what, void *arg);
static void on_turn(evutil_socket_t fd, short what, void *arg);

struct net_connection *connection_new(struct net_server *server, int fd)
{
    struct net_connection *connection = calloc(1, sizeof *connection);
    struct evbuffer *input = evbuffer_new();
    struct evbuffer *output = evbuffer_new();
    if (!connection || !input || !output) {
        if (input)
            evbuffer_free(input);
        if (output)
            evbuffer_free(output);
        free(connection);
        close(fd);
        return NULL;
    }
    *connection =
        (struct net_connection){.server = server, .fd = fd, .input = input, .output = output, .heard_ms = net_now_ms()};
    event_assign(&connection->read_event, server->base, fd, EV_READ | EV_PERSIST, on_readable, connection);
    event_assign(&connection->write_event, server->base, fd, EV_WRITE, on_writable, connection);
    event_assign(&connection->turn_event, server->base, -1, 0, on_turn, connection);
    return connection;
}

void *net_connection_data(const struct net_connection *connection)
{
    return connection->data;
}

// Several calls before the turn make one turn: that is how the answers of one turn share a write.
static void schedule_turn(struct net_connection *connection)
{
    // While it lingers the event is a timer, and there is nothing else left to do.
    if (!connection->lingering)
        event_active(&connection->turn_event, EV_READ, 0);
}

static void discard_input(struct net_connection *connection)
{
    evbuffer_drain(connection->input, evbuffer_get_length(connection->input));
    free(connection->kept);
    connection->kept = NULL;
}

// Closes the socket and lets go of everything but the object itself.
static void shut(struct net_connection *connection)
{
    struct net_server *server = connection->server;
    event_del(&connection->read_event);
    event_del(&connection->write_event);
    event_del(&connection->turn_event);
    server_dequeue(connection);
    close(connection->fd);
    discard_input(connection);
    evbuffer_drain(connection->output, evbuffer_get_length(connection->output));
    connection->gone = true;
    connection->lingering = false;
    connection->fd = -1;
    if (connection->refused)
        server->connections_refused--;
    else
        server->connections_open--;
}

void connection_drop(struct net_connection *connection)
{
    if (connection->gone)
        return;
    shut(connection);
    schedule_turn(connection);
}

void connection_free(struct net_connection *connection)
{
    struct net_server *server = connection->server;
    if (!connection->gone)
        shut(connection);
    event_del(&connection->turn_event);
    evbuffer_free(connection->input);
    evbuffer_free(connection->output);
    server_forget(connection);
    if (!connection->refused && server->events.on_close)
        server->events.on_close(server->ctx, connection->data);
    free(connection);
}

// Frames in

static uint32_t load_be32(const uint8_t bytes[HEADER_BYTES])
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

// Whether a frame's length stands in the input.
static bool next_length(const struct net_connection *connection, uint32_t *length)
{
    uint8_t header[HEADER_BYTES];
    if (evbuffer_copyout(connection->input, header, sizeof header) != sizeof header)
        return false;
    *length = load_be32(header);
    return true;
}

// Whether a frame is whole, or its length alone tells that it is faulty.
static bool has_frame(const struct net_connection *connection)
{
    uint32_t length;
    if (connection->kept)
        return true;
    if (!next_length(connection, &length))
        return false;
    return length > connection->server->settings.request_bytes_max ||
           evbuffer_get_length(connection->input) >= HEADER_BYTES + (size_t)length;
}

// Whether the limits let it have one more request.
static bool may_take(const struct net_connection *connection)
{
    const struct net_settings *settings = &connection->server->settings;
    return !connection->gone && !connection->closing && connection->in_flight < settings->in_flight_max &&
           evbuffer_get_length(connection->output) <= settings->unread_bytes_max;
}

bool connection_can_offer(const struct net_connection *connection)
{
    return may_take(connection) && has_frame(connection);
}

static void report(struct net_connection *connection, enum net_fault fault)
{
    struct net_server *server = connection->server;
    if (server->events.on_fault)
        server->events.on_fault(server->ctx, connection, fault);
}

static bool take_frame(struct net_connection *connection, size_t size)
{
    uint8_t *bytes = malloc(size);
    if (!bytes) {
        server_warn(connection->server, "out of memory: a connection was closed");
        connection_drop(connection);
        return false;
    }
    evbuffer_drain(connection->input, HEADER_BYTES);
    evbuffer_remove(connection->input, bytes, size);
    connection->kept = bytes;
    connection->kept_size = size;
    return true;
}

static void offer_kept(struct net_connection *connection)
{
    struct net_server *server = connection->server;
    uint8_t *bytes = connection->kept;
    // Counted first: the owner may reply before it returns.
    connection->kept = NULL;
    connection->in_flight++;
    if (server->events.on_frame(server->ctx, connection, bytes, connection->kept_size)) {
        connection->heard_ms = net_now_ms();
        return;
    }
    connection->in_flight--;
    connection->kept = bytes;
    server->full = true;
}

// Offers one frame, or reports one fault. Sets server->full if the owner refuses.
static void offer_one(struct net_connection *connection)
{
    uint32_t length;
    if (connection->kept) {
        offer_kept(connection);
    } else if (!next_length(connection, &length)) {
        return;
    } else if (length == 0) {
        evbuffer_drain(connection->input, HEADER_BYTES);
        report(connection, NET_FRAME_EMPTY);
    } else if (length > connection->server->settings.request_bytes_max) {
        connection->too_large = true;
        connection_close_when_done(connection);
        report(connection, NET_FRAME_TOO_LARGE);
    } else if (take_frame(connection, length)) {
        offer_kept(connection);
    }
}

// One read, as large as a frame or so. evbuffer_read would take no more than 4 KiB a call.
static ssize_t read_input(struct net_connection *connection)
{
    struct evbuffer_iovec pieces[2];
    int count = evbuffer_reserve_space(connection->input, READ_BYTES, pieces, 2);
    if (count < 0) {
        errno = ENOMEM;
        return -1;
    }
    ssize_t size = readv(connection->fd, pieces, count);
    size_t left = size > 0 ? (size_t)size : 0;
    for (int i = 0; i < count; i++) {
        size_t used = left < pieces[i].iov_len ? left : pieces[i].iov_len;
        pieces[i].iov_len = used;
        left -= used;
    }
    // Also when nothing came: it takes back the space that was reserved.
    int saved = errno;
    evbuffer_commit_space(connection->input, pieces, count);
    errno = saved;
    return size;
}

static bool must_wait(int code)
{
    return code == EAGAIN || code == EWOULDBLOCK || code == EINTR;
}

static void set_reading(struct net_connection *connection, bool reading)
{
    if (connection->reading == reading)
        return;
    connection->reading = reading;
    if (reading)
        event_add(&connection->read_event, NULL);
    else
        event_del(&connection->read_event);
}

static void read_lingering(struct net_connection *connection)
{
    uint8_t bytes[DISCARD_BYTES];
    ssize_t size = read(connection->fd, bytes, sizeof bytes);
    if (size == 0 || (size < 0 && !must_wait(errno)))
        connection_drop(connection);
}

static void read_frames(struct net_connection *connection)
{
    ssize_t size = read_input(connection);
    if (size == 0)
        connection->end_seen = true;
    else if (size < 0 && !must_wait(errno))
        connection_drop(connection);
}

void connection_take_turn(struct net_connection *connection)
{
    if (connection->read_due) {
        connection->read_due = false;
        read_frames(connection);
    }
    if (connection_can_offer(connection))
        offer_one(connection);
}

// After input has come, output has gone or requests have ended: what can go on does.
static void go_on(struct net_connection *connection)
{
    if (connection_can_offer(connection)) {
        server_enqueue(connection);
        server_offer(connection->server);
    }
    connection_settle(connection);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    struct net_connection *connection = arg;
    if (connection->lingering) {
        read_lingering(connection);
    } else if (connection->server->full) {
        // Pausing here and not when the owner fills up: only the connections that have something pay for it. It takes
        // its place in the queue, so that it is not kept waiting by those whose frames were read before.
        connection->read_due = true;
        server_enqueue(connection);
        set_reading(connection, false);
    } else {
        read_frames(connection);
        go_on(connection);
    }
}

// Frames out

static void free_reference(const void *bytes, size_t size, void *free_bytes)
{
    (void)size;
    if (free_bytes)
        ((void (*)(void *))free_bytes)((void *)bytes);
}

static bool add_frame(struct evbuffer *output, void *bytes, size_t size, void (*free_bytes)(void *))
{
    const uint8_t header[HEADER_BYTES] = {
        (uint8_t)(size >> 24), (uint8_t)(size >> 16), (uint8_t)(size >> 8), (uint8_t)size};
    bool added = evbuffer_add(output, header, sizeof header) == 0;
    if (added && size > COPY_BYTES_MAX) {
        if (evbuffer_add_reference(output, bytes, size, free_reference, (void *)free_bytes) == 0)
            return true;
        added = false;
    }
    added = added && evbuffer_add(output, bytes, size) == 0;
    free_reference(bytes, size, (void *)free_bytes);
    return added;
}

void net_send(struct net_connection *connection, void *bytes, size_t size, void (*free_bytes)(void *bytes))
{
    if (connection->gone || connection->lingering) {
        free_reference(bytes, size, (void *)free_bytes);
        return;
    }
    if (!add_frame(connection->output, bytes, size, free_bytes)) {
        // Half a frame may be in the buffer: nothing after it could be understood.
        server_warn(connection->server, "out of memory: a connection was closed");
        connection_drop(connection);
        return;
    }
    schedule_turn(connection);
}

void net_reply(struct net_connection *connection, void *bytes, size_t size, void (*free_bytes)(void *bytes))
{
    assert(connection->in_flight > 0);
    connection->in_flight--;
    if (bytes)
        net_send(connection, bytes, size, free_bytes);
    schedule_turn(connection);
}

// Waits for room. The timeout runs from the last byte the client took, since more output does not come through here.
static void wait_for_room(struct net_connection *connection)
{
    connection->waiting = true;
    event_add(&connection->write_event, &(struct timeval){.tv_sec = connection->server->settings.write_timeout_s});
}

static size_t total_size(const struct evbuffer_iovec *pieces, int count)
{
    size_t total = 0;
    for (int i = 0; i < count; i++)
        total += pieces[i].iov_len;
    return total;
}

// Puts the output into the socket until it is out or the socket is full.
static void flush(struct net_connection *connection)
{
    while (evbuffer_get_length(connection->output) > 0) {
        struct evbuffer_iovec pieces[WRITE_PIECES_MAX];
        int count = evbuffer_peek(connection->output, -1, NULL, pieces, WRITE_PIECES_MAX);
        if (count > WRITE_PIECES_MAX)
            count = WRITE_PIECES_MAX;
        struct msghdr message = {.msg_iov = pieces, .msg_iovlen = (size_t)count};
        // Not writev: that would raise SIGPIPE when the client is gone.
        ssize_t size = sendmsg(connection->fd, &message, MSG_NOSIGNAL);
        if (size < 0 && !must_wait(errno)) {
            connection_drop(connection);
            return;
        }
        if (size > 0)
            evbuffer_drain(connection->output, (size_t)size);
        if (size < 0 || (size_t)size < total_size(pieces, count)) {
            wait_for_room(connection);
            return;
        }
    }
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    struct net_connection *connection = arg;
    connection->waiting = false;
    if (what & EV_TIMEOUT) {
        connection_drop(connection);
        return;
    }
    flush(connection);
    go_on(connection);
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    struct net_connection *connection = arg;
    if (connection->gone) {
        if (connection->in_flight == 0)
            connection_free(connection);
        return;
    }
    if (what & EV_TIMEOUT) {
        connection_drop(connection);
        return;
    }
    if (!connection->waiting)
        flush(connection);
    go_on(connection);
}

// The end

void connection_close_when_done(struct net_connection *connection)
{
    connection->closing = true;
    connection->read_due = false;
    discard_input(connection);
    server_dequeue(connection);
}

// Closing while bytes of the client lie unread makes the kernel reset the connection, and the reset may overtake our
// last answer. Then we shut down our side only, and read on, for a short while, until the client closes.
static bool must_linger(const struct net_connection *connection)
{
    int unread = 0;
    if (connection->end_seen)
        return false;
    return connection->too_large || connection->refused ||
           (ioctl(connection->fd, FIONREAD, &unread) == 0 && unread > 0);
}

static void finish(struct net_connection *connection)
{
    if (!must_linger(connection) || shutdown(connection->fd, SHUT_WR) != 0) {
        connection_drop(connection);
        return;
    }
    connection->lingering = true;
    // A turn already due would be taken for the timer's.
    event_del(&connection->turn_event);
    event_add(&connection->turn_event, &(struct timeval){.tv_sec = LINGER_S});
    set_reading(connection, true);
}

void connection_settle(struct net_connection *connection)
{
    if (connection->gone || connection->lingering)
        return;
    bool quiet = connection->in_flight == 0 && evbuffer_get_length(connection->output) == 0;
    bool ends = connection->closing || (connection->end_seen && !has_frame(connection));
    if (quiet && ends)
        finish(connection);
    else
        set_reading(connection, may_take(connection) && !connection->end_seen && !connection->queued);
}
