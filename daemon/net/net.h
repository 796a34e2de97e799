// Connections and frames: clients on a Unix socket and on TCP, 4-byte big-endian lengths, bytes in and bytes out.
//
// It knows no protobuf, no storage and no rules. Everything runs on the thread of the caller's event_base and takes no
// locks; every function here is called from that thread. No callback below but on_warning is ever called from inside
// net_reply, net_send or net_stop_accepting_and_reading; net_resume may call on_frame and on_fault, and net_server_free
// calls on_close. SIGPIPE is never raised.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct net_server;
struct net_connection;

enum net_fault {
    NET_FRAME_EMPTY,     // a frame of length 0; the connection goes on
    NET_FRAME_TOO_LARGE, // longer than request_bytes_max; net closes once its requests are answered and all is sent
    NET_TOO_MANY_CONNECTIONS, // net closes once what on_fault sent is out; on_open and on_close are not called for it
};

// A number that is 0 stands for the default in brackets. At least one of unix_path and TCP is wanted.
struct net_settings {
    const char *unix_path;   // NULL: no Unix socket. Made with mode 0660; a dead process's socket file is replaced
    const char *tcp_address; // numeric, in 127.0.0.0/8 or ::1; all else is refused, without TLS [127.0.0.1]
    uint16_t tcp_port;       // 0: no TCP, unless tcp_port_any
    bool tcp_port_any;       // the kernel chooses the port (for tests); net_server_tcp_port tells which
    size_t connections_max;  // [1000]
    unsigned silence_max_s;  // with connections_max reached, who sends no frame for so long gives way to a new one [30]
    unsigned in_flight_max;  // requests of one connection under way, past which net reads no more from it [1024]
    unsigned write_timeout_s; // a client that takes no byte of its answers for so long is dropped [30]
    size_t request_bytes_max; // the longest frame, its length not counted [65536]
    size_t unread_bytes_max;  // output of one connection waiting, past which net reads no more from it [1 MiB]
};

// The owner's side. on_frame is wanted; the others may be NULL.
struct net_events {
    // A connection begins; what it returns is net_connection_data. The pointer is good until on_close.
    void *(*on_open)(void *ctx, struct net_connection *connection);

    // A frame, in the order of its connection; bytes are malloc'ed, size is at least 1. true: the owner has taken bytes
    // and owes exactly one net_reply (at once or later). false: the owner is full and has taken nothing; net keeps the
    // frame and offers no more, of any connection, until net_resume.
    bool (*on_frame)(void *ctx, struct net_connection *connection, uint8_t *bytes, size_t size);

    // Something to complain of; the owner may answer with net_send. It comes in order among the connection's frames.
    void (*on_fault)(void *ctx, struct net_connection *connection, enum net_fault fault);

    // The client is gone and no request of it is in flight; the connection's pointer is dead from here on.
    void (*on_close)(void *ctx, void *data);

    // Once, after net_stop_accepting_and_reading, when every connection is closed. net_server_free may be called in it.
    void (*on_idle)(void *ctx);

    // A line for the log, for instance that there are no descriptors left. NULL: to stderr.
    void (*on_warning)(void *ctx, const char *text);
};

// Listens. settings and events are copied. NULL: error says why, in one line.
struct net_server *net_server_new(struct event_base *base, const struct net_settings *settings,
    const struct net_events *events, void *ctx, char *error, size_t error_size);

// The TCP port listened on; 0: none.
uint16_t net_server_tcp_port(const struct net_server *server);

size_t net_connections(const struct net_server *server);

void *net_connection_data(const struct net_connection *connection);

// Answers one request in flight: a frame of these bytes. It owns bytes from here on and calls free_bytes(bytes) when
// they are out (or dropped, because the client is gone); free_bytes NULL: the bytes outlive the server. bytes NULL and
// size 0: the request is over and has no answer.
void net_reply(struct net_connection *connection, void *bytes, size_t size, void (*free_bytes)(void *bytes));

// Sends a frame that answers no request in flight: for faults. Ownership as in net_reply. Only while the connection's
// pointer is good (from on_open to on_close, or inside on_fault).
void net_send(struct net_connection *connection, void *bytes, size_t size, void (*free_bytes)(void *bytes));

// The owner has room again: offers what was kept, the refused frame first, then one frame a connection in turn.
void net_resume(struct net_server *server);

// Graceful stop, first step: closes the listeners, removes the socket file, and drops what was read but not yet taken
// by on_frame. Each connection closes when its requests in flight are answered and its output is out. A client that
// reads slowly is dropped within a write timeout of its last answer; on_idle follows the last.
void net_stop_accepting_and_reading(struct net_server *server);

// Nothing is in flight, nothing waits to be sent, and no client is still being let go.
bool net_idle(const struct net_server *server);

// Closes everything at once, calling on_close even where requests are in flight: after it no reply may be made.
void net_server_free(struct net_server *server);
