// Listening sockets: opened safely, accepting without spinning when descriptors run out, and tidied away.
#include "net/net_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/listener.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    BACKLOG = 1024,
    RETRY_MS = 100,
    WARNING_INTERVAL_MS = 60 * 1000,
    SOCKET_MODE = 0660,
};

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static void on_accept(struct evconnlistener *accepts, evutil_socket_t fd, struct sockaddr *peer, int length, void *arg)
{
    (void)accepts, (void)length;
    struct net_listener *listener = arg;
    server_take(listener->server, fd, peer->sa_family);
}

// Out of descriptors, the socket stays readable and accept keeps failing: without a pause the loop would spin.
static void on_accept_error(struct evconnlistener *accepts, void *arg)
{
    int code = errno;
    struct net_listener *listener = arg;
    struct net_server *server = listener->server;
    evconnlistener_disable(accepts);
    event_add(&listener->retry_event, &(struct timeval){.tv_usec = RETRY_MS * 1000});

    int64_t now = net_now_ms();
    if (server->accept_warned_ms == 0 || now - server->accept_warned_ms >= WARNING_INTERVAL_MS) {
        server->accept_warned_ms = now;
        server_warn(server, "cannot accept connections: %s; trying again every %d ms", strerror(code), RETRY_MS);
    }
}

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    struct net_listener *listener = arg;
    evconnlistener_enable(listener->accepts);
}

static bool listen_on(struct net_listener *listener, int fd)
{
    struct net_server *server = listener->server;
    unsigned flags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC;
    listener->accepts = evconnlistener_new(server->base, on_accept, listener, flags, BACKLOG, fd);
    if (!listener->accepts)
        return false;
    event_assign(&listener->retry_event, server->base, -1, 0, on_retry, listener);
    evconnlistener_set_error_cb(listener->accepts, on_accept_error);
    return true;
}

static int socket_of(int family)
{
    return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

// Whether a file that stands in the way is the socket of a dead process; if so, removes it.
static bool remove_stale(const struct sockaddr_un *address, char *error, size_t error_size)
{
    struct stat file;
    if (lstat(address->sun_path, &file) == 0 && !S_ISSOCK(file.st_mode)) {
        snprintf(error, error_size, "%s: exists and is not a socket", address->sun_path);
        return false;
    }
    int probe = socket_of(AF_UNIX);
    int connected = connect(probe, (const struct sockaddr *)address, sizeof *address);
    int code = errno;
    close(probe);
    // EAGAIN is a live process with a full backlog. Only ECONNREFUSED says that nobody listens.
    if (connected == 0 || code == EAGAIN) {
        snprintf(error, error_size, "%s: another process is listening on it", address->sun_path);
        return false;
    }
    if (code == ENOENT || (code == ECONNREFUSED && (unlink(address->sun_path) == 0 || errno == ENOENT)))
        return true;
    snprintf(error, error_size, "%s: cannot replace it: %s", address->sun_path, strerror(code));
    return false;
}

static bool bind_unix(int fd, const struct sockaddr_un *address, char *error, size_t error_size)
{
    // The mode of the socket itself bounds that of the file, so that the file is never open to others, not even
    // briefly; chmod afterwards gives back what the umask took.
    fchmod(fd, SOCKET_MODE);
    int result = bind(fd, (const struct sockaddr *)address, sizeof *address);
    if (result != 0 && errno == EADDRINUSE) {
        if (!remove_stale(address, error, error_size))
            return false;
        result = bind(fd, (const struct sockaddr *)address, sizeof *address);
    }
    if (result == 0)
        result = chmod(address->sun_path, SOCKET_MODE);
    if (result != 0)
        snprintf(error, error_size, "%s: cannot listen: %s", address->sun_path, strerror(errno));
    return result == 0;
}

bool listener_open_unix(struct net_listener *listener, const char *path, char *error, size_t error_size)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof address.sun_path) {
        snprintf(
            error, error_size, "%s: the path of a Unix socket has 1 to %zu bytes", path, sizeof address.sun_path - 1);
        return false;
    }
    memcpy(address.sun_path, path, length);

    int fd = socket_of(AF_UNIX);
    if (fd < 0) {
        snprintf(error, error_size, "%s: cannot make a socket: %s", path, strerror(errno));
        return false;
    }
    struct stat file;
    if (!bind_unix(fd, &address, error, error_size)) {
        close(fd);
        return false;
    }
    if (lstat(address.sun_path, &file) != 0 || !listen_on(listener, fd)) {
        snprintf(error, error_size, "%s: cannot listen: %s", address.sun_path, strerror(errno));
        unlink(address.sun_path);
        close(fd);
        return false;
    }
    listener->path = address;
    listener->device = file.st_dev;
    listener->inode = file.st_ino;
    return true;
}

// The length of the address, or 0 if it is not a numeric loopback address.
static socklen_t parse_loopback(const char *text, uint16_t port, union address *address)
{
    memset(address, 0, sizeof *address);
    if (inet_pton(AF_INET, text, &address->v4.sin_addr) == 1) {
        address->v4.sin_family = AF_INET;
        address->v4.sin_port = htons(port);
        return ntohl(address->v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET ? sizeof address->v4 : 0;
    }
    if (inet_pton(AF_INET6, text, &address->v6.sin6_addr) == 1) {
        address->v6.sin6_family = AF_INET6;
        address->v6.sin6_port = htons(port);
        return IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr) ? sizeof address->v6 : 0;
    }
    return 0;
}

static uint16_t bound_port(int fd)
{
    union address address = {0};
    socklen_t length = sizeof address;
    getsockname(fd, &address.any, &length);
    return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

bool listener_open_tcp(struct net_listener *listener, const char *text, uint16_t port, uint16_t *port_bound,
    char *error, size_t error_size)
{
    union address address;
    socklen_t length = parse_loopback(text, port, &address);
    if (length == 0) {
        snprintf(
            error, error_size, "%s: not a loopback address; without TLS, TCP listens on 127.0.0.0/8 or ::1 only", text);
        return false;
    }
    int fd = socket_of(address.any.sa_family);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)) != 0 ||
        bind(fd, &address.any, length) != 0 || !listen_on(listener, fd)) {
        snprintf(error, error_size, "%s port %u: cannot listen: %s", text, port, strerror(errno));
        if (fd >= 0)
            close(fd);
        return false;
    }
    *port_bound = bound_port(fd);
    return true;
}

void listener_close(struct net_listener *listener)
{
    if (!listener->accepts)
        return;
    struct stat file;
    const char *path = listener->path.sun_path;
    // Another process may have replaced the file meanwhile; then it is not ours to remove.
    if (path[0] && lstat(path, &file) == 0 && file.st_dev == listener->device && file.st_ino == listener->inode)
        unlink(path);
    event_del(&listener->retry_event);
    evconnlistener_free(listener->accepts);
    listener->accepts = NULL;
}
