// What the files of net share: the server, its listeners, its connections.
#pragma once

#include "net/net.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <netinet/in.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

struct evbuffer;
struct evconnlistener;

struct net_connection {
    struct net_server *server;
    void *data;
    int fd;
    struct event read_event;  // persistent; added while net wants input (reading)
    struct event write_event; // added, with the write timeout, while the socket takes no more (waiting)
    struct event turn_event;  // run by hand, once a turn of the loop, after replies; as a timer, the end of lingering
    struct evbuffer *input;
    struct evbuffer *output;
    uint8_t *kept; // the frame that the owner refused
    size_t kept_size;
    unsigned in_flight;
    int64_t heard_ms; // when the owner took its newest frame, or it connected
    bool reading;
    bool waiting;
    bool queued;    // in server->queue
    bool read_due;  // became readable while the owner was full
    bool refused;   // one connection too many: the owner was told of it by a fault only
    bool end_seen;  // the client has shut down its side
    bool closing;   // takes no more frames; closes when its requests are answered and its output is out
    bool too_large; // closing because of a frame whose bytes are probably still coming
    bool lingering; // our side is shut down; what comes is thrown away until the client closes too
    bool gone;      // the socket is closed; the object stays until in_flight is 0
    TAILQ_ENTRY(net_connection) all_entry;
    TAILQ_ENTRY(net_connection) queue_entry;
};

TAILQ_HEAD(net_connection_list, net_connection);

struct net_listener {
    struct net_server *server;
    struct evconnlistener *accepts; // NULL: closed
    struct event retry_event;
    // The socket file, to remove only our own; path empty: none.
    struct sockaddr_un path;
    dev_t device;
    ino_t inode;
};

enum { NET_LISTENERS = 2 };

struct net_server {
    struct event_base *base;
    struct net_settings settings;
    struct net_events events;
    void *ctx;
    struct net_listener listeners[NET_LISTENERS]; // the Unix socket, TCP
    uint16_t tcp_port;
    struct event idle_event;
    struct event hurry_event; // after the stop, every write timeout
    struct net_connection_list all;
    struct net_connection_list queue; // has frames to offer, or asked to read while the owner was full
    size_t connections_open;          // without those refused
    size_t connections_refused;
    int64_t accept_warned_ms; // 0: never
    bool full;                // the owner refused a frame and has not resumed
    bool offering;
    bool stopped;
};

// net.c

int64_t net_now_ms(void); // of the monotonic clock

void server_warn(struct net_server *server, const char *format, ...) __attribute__((format(printf, 2, 3)));

// A client was accepted: owns fd.
void server_take(struct net_server *server, int fd, int family);

void server_enqueue(struct net_connection *connection);
void server_dequeue(struct net_connection *connection);

// Offers frames of the queue, one a connection in turn, until the owner is full or the queue is empty.
void server_offer(struct net_server *server);

// The connection's object is gone.
void server_forget(struct net_connection *connection);

// listener.c

// Each returns false with a line in error. address is numeric; port 0: any.
bool listener_open_unix(struct net_listener *listener, const char *path, char *error, size_t error_size);
bool listener_open_tcp(struct net_listener *listener, const char *address, uint16_t port, uint16_t *port_bound,
    char *error, size_t error_size);
void listener_close(struct net_listener *listener);

// connection.c

// Owns fd, whatever comes of it. NULL: out of memory.
struct net_connection *connection_new(struct net_server *server, int fd);

// It has a frame, whole or faulty, and may offer it.
bool connection_can_offer(const struct net_connection *connection);

// Reads if that was put off while the owner was full, and offers one frame or reports one fault, if there is any.
// Sets server->full if the owner refuses.
void connection_take_turn(struct net_connection *connection);

// Whatever follows from the state it is in: reads on, or pauses, or ends. Never frees it.
void connection_settle(struct net_connection *connection);

// Takes no more frames and forgets those it has; closes when all is answered and sent.
void connection_close_when_done(struct net_connection *connection);

// Closes the socket at once. The object is freed in a later turn of the loop, when nothing is in flight.
void connection_drop(struct net_connection *connection);

// Closes and frees it now, whatever is in flight, and tells the owner.
void connection_free(struct net_connection *connection);
