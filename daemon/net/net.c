// The server: takes in clients, and offers their frames to the owner fairly.
#include "net/net_internal.h"

#include <event2/buffer.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

// Clients past connections_max that are being told so at the same time; past these they are closed without a word.
enum { REFUSED_MAX = 64 };

int64_t net_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void server_warn(struct net_server *server, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (server->events.on_warning)
        server->events.on_warning(server->ctx, text);
    else
        fprintf(stderr, "%s\n", text);
}

static void set_defaults(struct net_settings *settings)
{
    if (!settings->tcp_address)
        settings->tcp_address = "127.0.0.1";
    if (!settings->connections_max)
        settings->connections_max = 1000;
    if (!settings->silence_max_s)
        settings->silence_max_s = 30;
    if (!settings->in_flight_max)
        settings->in_flight_max = 1024;
    if (!settings->write_timeout_s)
        settings->write_timeout_s = 30;
    if (!settings->request_bytes_max)
        settings->request_bytes_max = 65536;
    if (!settings->unread_bytes_max)
        settings->unread_bytes_max = 1 << 20;
}

static bool open_listeners(struct net_server *server, char *error, size_t error_size)
{
    const struct net_settings *settings = &server->settings;
    bool tcp = settings->tcp_port != 0 || settings->tcp_port_any;
    if (!settings->unix_path && !tcp) {
        snprintf(error, error_size, "neither a Unix socket nor a TCP port to listen on");
        return false;
    }
    for (int i = 0; i < NET_LISTENERS; i++)
        server->listeners[i].server = server;
    if (settings->unix_path && !listener_open_unix(&server->listeners[0], settings->unix_path, error, error_size))
        return false;
    return !tcp || listener_open_tcp(&server->listeners[1], settings->tcp_address, settings->tcp_port,
                       &server->tcp_port, error, error_size);
}

static void close_listeners(struct net_server *server)
{
    for (int i = 0; i < NET_LISTENERS; i++)
        listener_close(&server->listeners[i]);
}

static void on_idle(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    struct net_server *server = arg;
    if (server->events.on_idle)
        server->events.on_idle(server->ctx);
}

// The write timeout spares a client that reads a little now and then, but a stop must not wait for it. One whose
// requests are not all answered yet is itself kept waiting, so its time has not come.
static void on_hurry(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    struct net_server *server = arg;
    struct net_connection *connection = TAILQ_FIRST(&server->all);
    for (; connection; connection = TAILQ_NEXT(connection, all_entry))
        if (connection->waiting && connection->in_flight == 0)
            connection_drop(connection);
}

struct net_server *net_server_new(struct event_base *base, const struct net_settings *settings,
    const struct net_events *events, void *ctx, char *error, size_t error_size)
{
    struct net_server *server = calloc(1, sizeof *server);
    if (!server) {
        snprintf(error, error_size, "out of memory");
        return NULL;
    }
    *server = (struct net_server){.base = base, .settings = *settings, .events = *events, .ctx = ctx};
    TAILQ_INIT(&server->all);
    TAILQ_INIT(&server->queue);
    set_defaults(&server->settings);
    event_assign(&server->idle_event, base, -1, 0, on_idle, server);
    event_assign(&server->hurry_event, base, -1, EV_PERSIST, on_hurry, server);
    if (!open_listeners(server, error, error_size)) {
        net_server_free(server);
        return NULL;
    }
    // They belong to the caller and are not looked at again.
    server->settings.unix_path = server->settings.tcp_address = NULL;
    return server;
}

uint16_t net_server_tcp_port(const struct net_server *server)
{
    return server->tcp_port;
}

size_t net_connections(const struct net_server *server)
{
    return server->connections_open;
}

static struct net_connection *take(struct net_server *server, int fd)
{
    struct net_connection *connection = connection_new(server, fd);
    if (!connection)
        server_warn(server, "out of memory: a connection was closed");
    else
        TAILQ_INSERT_TAIL(&server->all, connection, all_entry);
    return connection;
}

// When there is no place left, who has been silent longest, and long enough, gives way: connections that ask for
// nothing, or hold back half a frame, must not keep everybody out. False: nobody has.
static bool make_place(struct net_server *server)
{
    struct net_connection *silent = NULL, *connection;
    TAILQ_FOREACH(connection, &server->all, all_entry)
    if (!connection->refused && !connection->gone && connection->in_flight == 0 &&
        (!silent || connection->heard_ms < silent->heard_ms))
        silent = connection;
    if (!silent || net_now_ms() - silent->heard_ms < (int64_t)server->settings.silence_max_s * 1000)
        return false;
    connection_drop(silent);
    return true;
}

static void refuse(struct net_server *server, int fd)
{
    if (server->connections_refused >= REFUSED_MAX || !server->events.on_fault) {
        close(fd);
        return;
    }
    struct net_connection *connection = take(server, fd);
    if (!connection)
        return;
    connection->refused = true;
    server->connections_refused++;
    connection_close_when_done(connection);
    server->events.on_fault(server->ctx, connection, NET_TOO_MANY_CONNECTIONS);
    connection_settle(connection);
}

void server_take(struct net_server *server, int fd, int family)
{
    if (family != AF_UNIX)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (server->connections_open >= server->settings.connections_max && !make_place(server)) {
        refuse(server, fd);
        return;
    }
    struct net_connection *connection = take(server, fd);
    if (!connection)
        return;
    server->connections_open++;
    if (server->events.on_open)
        connection->data = server->events.on_open(server->ctx, connection);
    connection_settle(connection);
}

void server_enqueue(struct net_connection *connection)
{
    if (connection->queued)
        return;
    connection->queued = true;
    TAILQ_INSERT_TAIL(&connection->server->queue, connection, queue_entry);
}

void server_dequeue(struct net_connection *connection)
{
    if (!connection->queued)
        return;
    connection->queued = false;
    TAILQ_REMOVE(&connection->server->queue, connection, queue_entry);
}

void server_offer(struct net_server *server)
{
    // The owner may call net_resume from its callbacks: the loop that is running then goes on by itself.
    if (server->offering)
        return;
    server->offering = true;
    while (!server->full && !TAILQ_EMPTY(&server->queue)) {
        struct net_connection *connection = TAILQ_FIRST(&server->queue);
        connection_take_turn(connection);
        // It stays first: its frame was refused, and is the one to begin with.
        if (server->full)
            break;
        server_dequeue(connection);
        if (connection_can_offer(connection))
            server_enqueue(connection);
        else
            connection_settle(connection);
    }
    server->offering = false;
}

void net_resume(struct net_server *server)
{
    server->full = false;
    server_offer(server);
}

void server_forget(struct net_connection *connection)
{
    struct net_server *server = connection->server;
    TAILQ_REMOVE(&server->all, connection, all_entry);
    if (server->stopped && TAILQ_EMPTY(&server->all))
        event_active(&server->idle_event, EV_READ, 0);
}

void net_stop_accepting_and_reading(struct net_server *server)
{
    if (server->stopped)
        return;
    server->stopped = true;
    close_listeners(server);
    event_add(&server->hurry_event, &(struct timeval){.tv_sec = server->settings.write_timeout_s});
    struct net_connection *connection = TAILQ_FIRST(&server->all);
    for (; connection; connection = TAILQ_NEXT(connection, all_entry)) {
        connection_close_when_done(connection);
        connection_settle(connection);
    }
    if (TAILQ_EMPTY(&server->all))
        event_active(&server->idle_event, EV_READ, 0);
}

bool net_idle(const struct net_server *server)
{
    const struct net_connection *connection = TAILQ_FIRST(&server->all);
    for (; connection; connection = TAILQ_NEXT(connection, all_entry)) {
        if (connection->in_flight > 0 || connection->lingering || evbuffer_get_length(connection->output) > 0)
            return false;
    }
    return true;
}

void net_server_free(struct net_server *server)
{
    if (!server)
        return;
    close_listeners(server);
    while (!TAILQ_EMPTY(&server->all))
        connection_free(TAILQ_FIRST(&server->all));
    event_del(&server->hurry_event);
    // After the connections: the last of them may have set it off.
    event_del(&server->idle_event);
    free(server);
}
