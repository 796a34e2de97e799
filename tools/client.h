// A connection to pointsd: blocking, framed, pipelined if the caller likes. Not thread-safe.
#pragma once

#include "proto/formats.h"
#include "tools/error.h"
#include "proto/keyfile.h"

#include <stddef.h>
#include <stdint.h>

struct client;

// Whether it is an address at all; one that is none never becomes one.
bool client_check_address(const char *address, struct tool_error *error);
// `address` is the path of a Unix socket or "tcp://HOST:PORT". Says Hello before it returns. NULL on failure; the
// caller closes.
struct client *client_open(const char *address, struct tool_error *error);
void client_close(struct client *client); // NULL is allowed
// The socket, for a caller that from now on reads and writes the frames itself.
int client_socket(const struct client *client);

// What the daemon said when the connection began; lives as long as the connection.
const Points__V1__HelloReply *client_hello(const struct client *client);
// Proves a key; its role holds for the requests that come after. `reply` may be NULL.
bool client_authenticate(
    struct client *client, const struct keyfile *key, Points__V1__AuthenticateReply *reply, struct tool_error *error);

// Sends a request and waits for its response. NULL on failure and when the daemon answers with an Error, whose code is
// in error->refusal. Nothing else may be under way. The caller frees with client_free_response.
Points__V1__Response *client_call(struct client *client, Points__V1__Request *request, struct tool_error *error);

// The two halves, for pipelining. While a send waits for room, what arrives is kept, so neither side blocks the other.
// `id` may be NULL.
bool client_send(struct client *client, Points__V1__Request *request, uint64_t *id, struct tool_error *error);
// The bytes of a SignedEnvelope, as they are, as a submit.
bool client_send_envelope(
    struct client *client, const uint8_t *signed_envelope, size_t size, uint64_t *id, struct tool_error *error);
// The next response, whatever its kind, an Error too; NULL when the connection is lost or silent for 60 s.
Points__V1__Response *client_receive(struct client *client, struct tool_error *error);
void client_free_response(Points__V1__Response *response); // NULL is allowed

// Puts a daemon's Error into ours. Returns false.
bool client_refused(const Points__V1__Error *refused, struct tool_error *error);
// A refusal's name, as in "KEY_UNKNOWN".
const char *client_refusal_name(refusal_code code);
