// A connection to pointsd: frames of a 4-byte big-endian length and a message.
#include "tools/client.h"
#include "proto/signing.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { LENGTH_BYTES = 4, SILENCE_MS_MAX = 60000, READ_BYTES = 64 * 1024 };

struct client {
    int fd;
    uint64_t last_id;
    Points__V1__Response *hello;
    uint8_t out[LENGTH_BYTES + REQUEST_BYTES_MAX];
    uint8_t *in; // what arrived and was not yet given out: in[in_begin .. in_end)
    size_t in_begin, in_end, in_room;
};

// ---- connecting

enum { HOST_BYTES = 256 };
static const char tcp_scheme[] = "tcp://";

static bool is_tcp(const char *address)
{
    return !strncmp(address, tcp_scheme, strlen(tcp_scheme));
}

static bool is_port(const char *text)
{
    enum { DIGITS_MAX = 5, PORT_MAX = 65535 };
    size_t size = strspn(text, "0123456789");
    long port = size && size <= DIGITS_MAX && !text[size] ? strtol(text, NULL, 10) : 0;
    return port > 0 && port <= PORT_MAX;
}

// HOST:PORT, or [HOST]:PORT, in its parts.
static bool split_host_port(const char *host_port, char host[HOST_BYTES], const char **port)
{
    const char *colon = strrchr(host_port, ':');
    bool bracketed = *host_port == '[' && colon && colon > host_port + 1 && colon[-1] == ']';
    size_t size = colon ? (size_t)(colon - host_port) - 2 * bracketed : 0;
    if (size == 0 || size >= HOST_BYTES || !is_port(colon + 1))
        return false;
    memcpy(host, host_port + bracketed, size);
    host[size] = '\0';
    *port = colon + 1;
    return true;
}

bool client_check_address(const char *address, struct tool_error *error)
{
    const size_t path_max = sizeof((struct sockaddr_un *)NULL)->sun_path - 1;
    char host[HOST_BYTES];
    const char *port;
    if (is_tcp(address))
        return split_host_port(address + strlen(tcp_scheme), host, &port) ||
               tool_fail(
                   error, "\"%s\" is no address: it should be tcp://HOST:PORT, with a PORT from 1 to 65535", address);
    if (!*address)
        return tool_fail(error, "the name of the socket is empty");
    return strlen(address) <= path_max ||
           tool_fail(error, "the socket's path is longer than %zu bytes: %s", path_max, address);
}

static int connect_unix(const char *path, struct tool_error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    tool_fail(error, "cannot reach pointsd at %s: %s; is it running, and is that its socket?", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

static int connect_first(const struct addrinfo *found)
{
    for (const struct addrinfo *at = found; at; at = at->ai_next) {
        int fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);
        if (fd < 0)
            continue;
        if (connect(fd, at->ai_addr, at->ai_addrlen) == 0) {
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
            return fd;
        }
        int why = errno;
        close(fd);
        errno = why;
    }
    return -1;
}

static int connect_tcp(const char *host_port, struct tool_error *error)
{
    char host[HOST_BYTES];
    const char *port = NULL;
    split_host_port(host_port, host, &port); // which was checked
    struct addrinfo *found, hints = {.ai_socktype = SOCK_STREAM};
    int lookup = getaddrinfo(host, port, &hints, &found);
    if (lookup != 0) {
        tool_fail(error, "cannot find %s: %s", host_port, gai_strerror(lookup));
        return -1;
    }
    int fd = connect_first(found);
    if (fd < 0)
        tool_fail(error, "cannot reach pointsd at tcp://%s: %s; is it running?", host_port, strerror(errno));
    freeaddrinfo(found);
    return fd;
}

static bool say_hello(struct client *client, struct tool_error *error)
{
    Points__V1__Hello hello = POINTS__V1__HELLO__INIT;
    Points__V1__Request request = POINTS__V1__REQUEST__INIT;
    request.body_case = REQUEST(HELLO);
    request.hello = &hello;
    client->hello = client_call(client, &request, error);
    if (!client->hello)
        return false;
    const Points__V1__Response *reply = client->hello;
    if (reply->hello->ledger_id.len != HASH_BYTES || reply->hello->nonce.len != NONCE_BYTES)
        return tool_fail(error, "what answers there is not pointsd");
    return true;
}

struct client *client_open(const char *address, struct tool_error *error)
{
    if (!client_check_address(address, error))
        return NULL;
    int fd = is_tcp(address) ? connect_tcp(address + strlen(tcp_scheme), error) : connect_unix(address, error);
    if (fd < 0)
        return NULL;
    struct client *client = xcalloc(1, sizeof *client);
    client->fd = fd;
    if (say_hello(client, error))
        return client;
    client_close(client);
    return NULL;
}

void client_close(struct client *client)
{
    if (!client)
        return;
    close(client->fd);
    client_free_response(client->hello);
    free(client->in);
    free(client);
}

int client_socket(const struct client *client)
{
    return client->fd;
}

const Points__V1__HelloReply *client_hello(const struct client *client)
{
    return client->hello->hello;
}

// ---- bytes

static bool lost(struct tool_error *error, const char *how)
{
    return tool_fail(error, "the connection to pointsd was lost (%s)", how);
}

// Waits until the socket is ready for one of `events`; gives what it is ready for.
static bool wait_ready(struct client *client, short events, short *ready, struct tool_error *error)
{
    struct pollfd at = {.fd = client->fd, .events = events};
    int count;
    do
        count = poll(&at, 1, SILENCE_MS_MAX);
    while (count < 0 && errno == EINTR);
    if (count < 0)
        return lost(error, strerror(errno));
    if (count == 0)
        return lost(error, "no sign of life for 60 s");
    *ready = at.revents;
    return true;
}

// Reads what is there, without waiting.
static bool take_in(struct client *client, struct tool_error *error)
{
    if (client->in_begin == client->in_end)
        client->in_begin = client->in_end = 0;
    if (client->in_room - client->in_end < READ_BYTES && client->in_begin) {
        memmove(client->in, client->in + client->in_begin, client->in_end - client->in_begin);
        client->in_end -= client->in_begin;
        client->in_begin = 0;
    }
    if (client->in_room - client->in_end < READ_BYTES) {
        client->in_room = 2 * client->in_room + 2 * READ_BYTES;
        client->in = xrealloc(client->in, client->in_room);
    }
    ssize_t size = recv(client->fd, client->in + client->in_end, client->in_room - client->in_end, MSG_DONTWAIT);
    if (size > 0)
        client->in_end += (size_t)size;
    else if (size == 0)
        return lost(error, "the daemon closed it");
    else if (errno != EAGAIN && errno != EINTR)
        return lost(error, strerror(errno));
    return true;
}

static bool put_out(struct client *client, size_t size, struct tool_error *error)
{
    size_t sent = 0;
    while (sent < size) {
        ssize_t now = send(client->fd, client->out + sent, size - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (now > 0) {
            sent += (size_t)now;
            continue;
        }
        if (now < 0 && errno != EAGAIN && errno != EINTR)
            return lost(error, strerror(errno));
        short ready = 0;
        if (!wait_ready(client, POLLIN | POLLOUT, &ready, error))
            return false;
        if ((ready & ~POLLOUT) && !take_in(client, error))
            return false;
    }
    return true;
}

static void put_length(uint8_t *bytes, size_t size)
{
    uint32_t length = htonl((uint32_t)size);
    memcpy(bytes, &length, sizeof length);
}

// True when a whole frame is in: its message is *message, and it is taken out.
static bool take_frame(struct client *client, const uint8_t **message, size_t *size, bool *oversized)
{
    size_t held = client->in_end - client->in_begin;
    uint32_t length;
    *oversized = false;
    if (held < LENGTH_BYTES)
        return false;
    memcpy(&length, client->in + client->in_begin, sizeof length);
    *size = ntohl(length);
    *oversized = *size > RESPONSE_BYTES_MAX;
    if (*oversized || held - LENGTH_BYTES < *size)
        return false;
    *message = client->in + client->in_begin + LENGTH_BYTES;
    client->in_begin += LENGTH_BYTES + *size;
    return true;
}

// ---- requests and responses

bool client_send(struct client *client, Points__V1__Request *request, uint64_t *id, struct tool_error *error)
{
    request->id = ++client->last_id;
    size_t size = points__v1__request__get_packed_size(request);
    if (size > REQUEST_BYTES_MAX)
        return tool_fail(error, "the request would have %zu bytes; at most %d are allowed", size, REQUEST_BYTES_MAX);
    put_length(client->out, size);
    points__v1__request__pack(request, client->out + LENGTH_BYTES);
    if (id)
        *id = request->id;
    return put_out(client, LENGTH_BYTES + size, error);
}

static size_t put_varint(uint8_t *bytes, uint64_t value)
{
    size_t size = 0;
    for (; value >= 0x80; value >>= 7)
        bytes[size++] = (uint8_t)(value | 0x80);
    bytes[size++] = (uint8_t)value;
    return size;
}

// The envelope's bytes are signed and stored as they are, so they are framed without being unpacked.
bool client_send_envelope(
    struct client *client, const uint8_t *signed_envelope, size_t size, uint64_t *id, struct tool_error *error)
{
    enum { FIELD_ID = 1 << 3, FIELD_SUBMIT = 2 << 3 | 2, HEAD_BYTES_MAX = 24 };
    if (size > REQUEST_BYTES_MAX - HEAD_BYTES_MAX)
        return tool_fail(error, "the signed envelope has %zu bytes; that is too many", size);
    uint8_t *at = client->out + LENGTH_BYTES;
    *at++ = FIELD_ID;
    at += put_varint(at, ++client->last_id);
    *at++ = FIELD_SUBMIT;
    at += put_varint(at, size);
    memcpy(at, signed_envelope, size);
    at += size;
    put_length(client->out, (size_t)(at - client->out) - LENGTH_BYTES);
    if (id)
        *id = client->last_id;
    return put_out(client, (size_t)(at - client->out), error);
}

Points__V1__Response *client_receive(struct client *client, struct tool_error *error)
{
    const uint8_t *message;
    size_t size;
    bool oversized;
    while (!take_frame(client, &message, &size, &oversized)) {
        short ready;
        if (oversized) {
            tool_fail(error, "what answers there is not pointsd: a frame of %zu bytes", size);
            return NULL;
        }
        if (!wait_ready(client, POLLIN, &ready, error) || !take_in(client, error))
            return NULL;
    }
    Points__V1__Response *response = points__v1__response__unpack(NULL, size, message);
    if (!response)
        tool_fail(error, "the daemon's answer cannot be read; are daemon and tool of the same version?");
    return response;
}

void client_free_response(Points__V1__Response *response)
{
    points__v1__response__free_unpacked(response, NULL);
}

const char *client_refusal_name(refusal_code code)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(&points__v1__refusal__descriptor, (int)code);
    return value ? value->name : "UNKNOWN_REFUSAL";
}

bool client_refused(const Points__V1__Error *refused, struct tool_error *error)
{
    bool field = refused->field && *refused->field;
    tool_fail(error, "%s%s%s%s: %s", client_refusal_name(refused->code), field ? " (" : "", field ? refused->field : "",
        field ? ")" : "", refused->message ? refused->message : "");
    error->refusal = refused->code;
    return false;
}

// The options by which people ask; NULL: none.
static const char *option_of(const char *field)
{
    static const struct {
        const char *field, *option;
    } rows[] = {{"from_day", "--from"}, {"to_day", "--to"}, {"municipality", "--municipality"},
        {"purpose", "--purpose"}, {"all", "--all"}};
    const char *dot = field ? strrchr(field, '.') : NULL;
    for (size_t i = 0; dot && i < sizeof rows / sizeof *rows; i++)
        if (!strcmp(dot + 1, rows[i].field))
            return rows[i].option;
    return NULL;
}

// "--to is before --from" is for people; "get_donation_totals.to_day" is for whoever writes a client.
static void refuse_question(const Points__V1__Error *refused, struct tool_error *error)
{
    const char *option = option_of(refused->field);
    client_refused(refused, error);
    if (option && refused->message) {
        bool from = !strcmp(refused->message, "is before from_day");
        tool_fail(error, "%s: %s%s %s", client_refusal_name(refused->code), option, from ? "" : ":",
            from ? "is before --from" : refused->message);
        error->refusal = refused->code;
    }
    error->question = true;
}

// Request and response share their numbers up to the error's, which came between; both kinds of proof come as one.
static bool is_answer(const Points__V1__Request *request, const Points__V1__Response *response)
{
    if (request->body_case == REQUEST(GET_CONSISTENCY_PROOF))
        return response->body_case == RESPONSE(PROOF);
    return (int)response->body_case == (int)request->body_case + ((int)request->body_case >= (int)RESPONSE(ERROR));
}

Points__V1__Response *client_call(struct client *client, Points__V1__Request *request, struct tool_error *error)
{
    uint64_t id;
    if (!client_send(client, request, &id, error))
        return NULL;
    Points__V1__Response *response = client_receive(client, error);
    if (!response)
        return NULL;
    if (response->body_case == RESPONSE(ERROR))
        refuse_question(response->error, error);
    else if (response->id != id || !is_answer(request, response))
        tool_fail(error, "the daemon answered another request than ours");
    else
        return response;
    client_free_response(response);
    return NULL;
}

bool client_authenticate(
    struct client *client, const struct keyfile *key, Points__V1__AuthenticateReply *reply, struct tool_error *error)
{
    uint8_t proof[HASH_BYTES + NONCE_BYTES], signature[SIGNATURE_BYTES];
    memcpy(proof, client_hello(client)->ledger_id.data, HASH_BYTES);
    memcpy(proof + HASH_BYTES, client_hello(client)->nonce.data, NONCE_BYTES);
    signing_sign(SIGNING_SESSION, proof, sizeof proof, key->secret, signature);

    Points__V1__Authenticate authenticate = POINTS__V1__AUTHENTICATE__INIT;
    authenticate.key = (ProtobufCBinaryData){KEY_BYTES, (uint8_t *)key->public_key};
    authenticate.signature = (ProtobufCBinaryData){SIGNATURE_BYTES, signature};
    Points__V1__Request request = POINTS__V1__REQUEST__INIT;
    request.body_case = REQUEST(AUTHENTICATE);
    request.authenticate = &authenticate;
    Points__V1__Response *response = client_call(client, &request, error);
    if (!response)
        return false;
    if (reply)
        *reply = *response->authenticate;
    client_free_response(response);
    return true;
}
