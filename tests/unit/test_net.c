// Tests of daemon/net: a server on one loop, real sockets, and clients that behave and misbehave.
#include "net/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { DEADLINE_S = 20, HELD_MAX = 4096 };

struct held {
    struct net_connection *connection;
    uint8_t *bytes;
    size_t size;
};

// The owner: echoes at once, or holds what it is given until the test answers it.
struct world {
    struct event_base *base;
    struct event *tick;
    struct net_server *server;
    char directory[64];
    char path[96];
    bool holds;
    bool silent; // ends requests without an answer
    size_t room; // frames it still takes
    struct held held[HELD_MAX];
    size_t held_count;
    size_t opened, closed, frames, faults, idles, warnings;
    struct net_connection *last_opened;
    void *last_closed;
    enum net_fault last_fault;
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void *on_open(void *ctx, struct net_connection *connection)
{
    struct world *world = ctx;
    world->last_opened = connection;
    return (void *)(uintptr_t)++world->opened;
}

static bool on_frame(void *ctx, struct net_connection *connection, uint8_t *bytes, size_t size)
{
    struct world *world = ctx;
    assert_non_null(net_connection_data(connection));
    if (world->room == 0)
        return false;
    world->room--;
    world->frames++;
    if (world->holds) {
        assert_true(world->held_count < HELD_MAX);
        world->held[world->held_count++] = (struct held){connection, bytes, size};
    } else if (world->silent) {
        free(bytes);
        net_reply(connection, NULL, 0, NULL);
    } else {
        net_reply(connection, bytes, size, free);
    }
    return true;
}

static void on_fault(void *ctx, struct net_connection *connection, enum net_fault fault)
{
    static char texts[][10] = {"empty", "too large", "too many"};
    struct world *world = ctx;
    world->faults++;
    world->last_fault = fault;
    net_send(connection, texts[fault], strlen(texts[fault]), NULL);
}

static void on_close(void *ctx, void *data)
{
    struct world *world = ctx;
    world->closed++;
    world->last_closed = data;
}

static void on_idle(void *ctx)
{
    struct world *world = ctx;
    world->idles++;
}

static void on_warning(void *ctx, const char *text)
{
    struct world *world = ctx;
    assert_non_null(strstr(text, "Too many open files"));
    world->warnings++;
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what, (void)arg;
}

static const struct net_events events = {on_open, on_frame, on_fault, on_close, on_idle, on_warning};

static void world_serve(struct world *world, struct net_settings settings)
{
    char error[256] = "";
    world->server = net_server_new(world->base, &settings, &events, world, error, sizeof error);
    assert_string_equal(error, "");
    assert_non_null(world->server);
}

static int world_setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    world->base = event_base_new();
    world->tick = event_new(world->base, -1, EV_PERSIST, on_tick, NULL);
    event_add(world->tick, &(struct timeval){.tv_usec = 1000});
    world->room = SIZE_MAX;
    strcpy(world->directory, "/tmp/test_net.XXXXXX");
    assert_non_null(mkdtemp(world->directory));
    snprintf(world->path, sizeof world->path, "%s/socket", world->directory);
    *state = world;
    return 0;
}

static int world_teardown(void **state)
{
    struct world *world = *state;
    net_server_free(world->server);
    for (size_t i = 0; i < world->held_count; i++)
        free(world->held[i].bytes);
    event_free(world->tick);
    event_base_free(world->base);
    assert_int_equal(world->opened, world->closed);
    assert_int_not_equal(access(world->path, F_OK), 0);
    assert_int_equal(rmdir(world->directory), 0);
    free(world);
    return 0;
}

static void turn(struct world *world)
{
    assert_int_equal(event_base_loop(world->base, EVLOOP_ONCE), 0);
}

// Runs the loop until the condition holds.
#define run_until(world, condition)                                                                                    \
    do {                                                                                                               \
        int64_t end_ = now_ms() + DEADLINE_S * 1000;                                                                   \
        while (!(condition)) {                                                                                         \
            if (now_ms() > end_)                                                                                       \
                fail_msg("not within the deadline: %s", #condition);                                                   \
            turn(world);                                                                                               \
        }                                                                                                              \
    } while (0)

// Enough turns for anything that was going to happen with what is in the sockets now.
static void settle(struct world *world)
{
    for (int i = 0; i < 20; i++)
        turn(world);
}

static int client_open(const struct world *world)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, world->path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static int client_open_tcp(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

// Sends while the loop runs, so that more than the socket's buffer fits.
static void client_send(struct world *world, int fd, const void *bytes, size_t size)
{
    size_t sent = 0;
    run_until(world, ({
        ssize_t count = send(fd, (const uint8_t *)bytes + sent, size - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        assert_true(count >= 0 || errno == EAGAIN);
        sent += count > 0 ? (size_t)count : 0;
        sent == size;
    }));
}

static void client_send_header(struct world *world, int fd, uint32_t length)
{
    uint32_t header = htonl(length);
    client_send(world, fd, &header, sizeof header);
}

static void client_send_frame(struct world *world, int fd, const void *bytes, size_t size)
{
    client_send_header(world, fd, (uint32_t)size);
    client_send(world, fd, bytes, size);
}

static void client_send_text(struct world *world, int fd, const char *text)
{
    client_send_frame(world, fd, text, strlen(text));
}

static void client_receive(struct world *world, int fd, void *bytes, size_t size)
{
    size_t received = 0;
    run_until(world, ({
        ssize_t count = recv(fd, (uint8_t *)bytes + received, size - received, MSG_DONTWAIT);
        assert_true(count > 0 || (count < 0 && errno == EAGAIN));
        received += count > 0 ? (size_t)count : 0;
        received == size;
    }));
}

static size_t client_receive_frame(struct world *world, int fd, void *bytes, size_t size_max)
{
    uint32_t header;
    client_receive(world, fd, &header, sizeof header);
    assert_in_range(ntohl(header), 1, size_max);
    client_receive(world, fd, bytes, ntohl(header));
    return ntohl(header);
}

static void expect_text(struct world *world, int fd, const char *text)
{
    char bytes[256];
    size_t size = client_receive_frame(world, fd, bytes, sizeof bytes);
    assert_int_equal(size, strlen(text));
    assert_memory_equal(bytes, text, size);
}

static void expect_nothing(struct world *world, int fd)
{
    char byte;
    settle(world);
    assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
    assert_int_equal(errno, EAGAIN);
}

static void expect_end(struct world *world, int fd)
{
    char byte;
    run_until(world, recv(fd, &byte, 1, MSG_DONTWAIT) == 0);
}

static void answer(struct world *world, size_t i)
{
    struct held *held = &world->held[i];
    net_reply(held->connection, held->bytes, held->size, free);
    held->bytes = NULL;
}

static void serve_unix(struct world *world, struct net_settings settings)
{
    settings.unix_path = world->path;
    world_serve(world, settings);
}

static void test_echo_over_both_sockets(void **state)
{
    struct world *world = *state;
    serve_unix(world, (struct net_settings){.tcp_port_any = true});
    int fds[] = {client_open(world), client_open_tcp(net_server_tcp_port(world->server))};
    for (size_t i = 0; i < 2; i++) {
        client_send_text(world, fds[i], "hello");
        expect_text(world, fds[i], "hello");
    }
    assert_int_equal(net_connections(world->server), 2);
    close(fds[0]), close(fds[1]);
    run_until(world, world->closed == 2);
    assert_int_equal(net_connections(world->server), 0);
    assert_true(net_idle(world->server));
}

static void test_frames_cut_anywhere(void **state)
{
    struct world *world = *state;
    serve_unix(world, (struct net_settings){0});
    int fd = client_open(world);
    const uint8_t bytes[] = {0, 0, 0, 2, 'a', 'b', 0, 0, 0, 1, 'c', 0, 0, 0, 3, 'd', 'e', 'f'};
    for (size_t cut = 1; cut < sizeof bytes; cut++) {
        client_send(world, fd, bytes, cut);
        settle(world);
        client_send(world, fd, bytes + cut, sizeof bytes - cut);
        expect_text(world, fd, "ab");
        expect_text(world, fd, "c");
        expect_text(world, fd, "def");
    }
    close(fd);
}

static void fill(uint8_t *bytes, size_t size, unsigned seed)
{
    for (size_t i = 0; i < size; i++) {
        seed = seed * 1103515245 + 12345;
        bytes[i] = (uint8_t)(seed >> 16);
    }
}

static void test_pipelined_frames_of_all_sizes(void **state)
{
    enum { COUNT = 300, SIZE_MAX_HERE = 65536 };
    struct world *world = *state;
    serve_unix(world, (struct net_settings){.tcp_port_any = true});
    uint8_t *sent = malloc(SIZE_MAX_HERE), *received = malloc(SIZE_MAX_HERE);
    int fd = client_open_tcp(net_server_tcp_port(world->server));
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < COUNT; i++) {
            size_t size = i % 7 == 0 ? SIZE_MAX_HERE - i : 1 + i * 37;
            fill(sent, size, i);
            client_send_frame(world, fd, sent, size);
            if (i % 7 != 6)
                continue;
            for (unsigned j = i - 6; j <= i; j++) {
                size = j % 7 == 0 ? SIZE_MAX_HERE - j : 1 + j * 37;
                fill(sent, size, j);
                assert_int_equal(client_receive_frame(world, fd, received, SIZE_MAX_HERE), size);
                assert_memory_equal(sent, received, size);
            }
        }
        for (unsigned j = COUNT - COUNT % 7; j < COUNT; j++)
            client_receive_frame(world, fd, received, SIZE_MAX_HERE);
    }
    free(sent), free(received);
    close(fd);
}

static size_t freed;

static void count_free(void *bytes)
{
    freed++;
    free(bytes);
}

static void test_answers_large_and_small_keep_their_order_and_are_freed_once(void **state)
{
    enum { COUNT = 200, LARGE = 131072 };
    struct world *world = *state;
    world->holds = true;
    serve_unix(world, (struct net_settings){0});
    int fd = client_open(world);
    for (int i = 0; i < COUNT; i++)
        client_send_text(world, fd, "?");
    run_until(world, world->held_count == COUNT);
    freed = 0;
    for (unsigned i = 0; i < COUNT; i++) {
        size_t size = i % 3 == 0 ? LARGE - i : 1 + i;
        uint8_t *bytes = malloc(size);
        fill(bytes, size, i);
        net_reply(world->held[i].connection, bytes, size, count_free);
    }
    uint8_t *expected = malloc(LARGE), *received = malloc(LARGE);
    for (unsigned i = 0; i < COUNT; i++) {
        size_t size = i % 3 == 0 ? LARGE - i : 1 + i;
        fill(expected, size, i);
        assert_int_equal(client_receive_frame(world, fd, received, LARGE), size);
        assert_memory_equal(expected, received, size);
    }
    settle(world);
    assert_int_equal(freed, COUNT);
    free(expected), free(received);
    close(fd);
}

static void test_replies_of_one_turn_arrive_in_one_write(void **state)
{
    enum { COUNT = 50 };
    struct world *world = *state;
    world->holds = true;
    // On SOCK_STREAM Unix sockets one write of small size is one piece, which one recv returns at once.
    serve_unix(world, (struct net_settings){0});
    int fd = client_open(world);
    for (int i = 0; i < COUNT; i++)
        client_send_text(world, fd, "x");
    run_until(world, world->held_count == COUNT);
    for (size_t i = 0; i < COUNT; i++)
        answer(world, i);
    char bytes[COUNT * 5 + 1];
    assert_int_equal(recv(fd, bytes, sizeof bytes, MSG_DONTWAIT), -1);
    turn(world);
    assert_int_equal(recv(fd, bytes, sizeof bytes, MSG_DONTWAIT), COUNT * 5);
    close(fd);
}

static void test_an_empty_frame_is_a_fault_and_the_connection_goes_on(void **state)
{
    struct world *world = *state;
    serve_unix(world, (struct net_settings){0});
    int fd = client_open(world);
    const uint8_t bytes[] = {0, 0, 0, 1, 'a', 0, 0, 0, 0, 0, 0, 0, 1, 'b'};
    client_send(world, fd, bytes, sizeof bytes);
    expect_text(world, fd, "a");
    expect_text(world, fd, "empty");
    expect_text(world, fd, "b");
    assert_int_equal(world->faults, 1);
    assert_int_equal(world->last_fault, NET_FRAME_EMPTY);
    close(fd);
}

static void test_too_large_a_frame_is_answered_and_closes(void **state)
{
    struct world *world = *state;
    world->holds = true;
    serve_unix(world, (struct net_settings){.request_bytes_max = 100, .tcp_port_any = true});
    int fd = client_open_tcp(net_server_tcp_port(world->server));
    char most[100] = "the longest one allowed";
    client_send_frame(world, fd, most, sizeof most);
    client_send_header(world, fd, 101);
    uint8_t garbage[5000] = {0};
    client_send(world, fd, garbage, sizeof garbage);
    expect_text(world, fd, "too large");
    expect_nothing(world, fd);

    // What it asked before is still answered; then the end, without a reset, though more was sent.
    client_send(world, fd, garbage, sizeof garbage);
    answer(world, 0);
    char received[100];
    assert_int_equal(client_receive_frame(world, fd, received, sizeof received), sizeof most);
    expect_end(world, fd);
    assert_int_equal(world->closed, 0);
    client_send(world, fd, garbage, sizeof garbage);
    close(fd);
    run_until(world, world->closed == 1);
    assert_int_equal(world->frames, 1);
    assert_int_equal(world->faults, 1);
}

static void test_a_client_told_to_go_that_stays_is_closed(void **state)
{
    struct world *world = *state;
    serve_unix(world, (struct net_settings){0});
    int fd = client_open(world);
    client_send_header(world, fd, UINT32_MAX);
    expect_text(world, fd, "too large");
    expect_end(world, fd);
    run_until(world, world->closed == 1);
    close(fd);
}

static void test_in_flight_limit_pauses_reading(void **state)
{
    struct world *world = *state;
    world->holds = true;
    serve_unix(world, (struct net_settings){.in_flight_max = 3});
    int fd = client_open(world), other = client_open(world);
    for (char c = 'a'; c <= 'h'; c++)
        client_send_frame(world, fd, &c, 1);
    run_until(world, world->held_count == 3);
    settle(world);
    assert_int_equal(world->held_count, 3);
    client_send_text(world, other, "o");
    run_until(world, world->held_count == 4);
    answer(world, 1);
    expect_text(world, fd, "b");
    run_until(world, world->held_count == 5);
    settle(world);
    assert_int_equal(world->held_count, 5);
    for (size_t i = 0; i < 9; i++) {
        run_until(world, world->held_count > i);
        if (world->held[i].bytes)
            answer(world, i);
    }
    for (const char *c = "acdefgh"; *c; c++)
        expect_text(world, fd, (char[]){*c, 0});
    expect_text(world, other, "o");
    close(fd), close(other);
}

// Frames of 1000 bytes, as many as the socket takes while the server goes on reading; how many were taken.
static size_t send_without_reading(struct world *world, int fd)
{
    uint8_t bytes[1004] = {0, 0, 1000 >> 8, 1000 & 255};
    size_t at = 0;
    for (int quiet = 0; quiet < 20;) {
        ssize_t count = send(fd, bytes + at, sizeof bytes - at, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count > 0)
            at = (at + (size_t)count) % sizeof bytes;
        quiet = count > 0 ? 0 : quiet + 1;
        turn(world);
    }
    return world->frames;
}

static void test_a_client_that_does_not_read_is_paused_then_dropped(void **state)
{
    struct world *world = *state;
    serve_unix(world, (struct net_settings){.unread_bytes_max = 10000, .write_timeout_s = 1});
    int fd = client_open(world);
    int size = 0;
    socklen_t length = sizeof size;
    getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, &length);
    int64_t begin = now_ms();
    size_t frames = send_without_reading(world, fd);
    assert_in_range(frames, 10, (size_t)size * 2 / 1000 + 200);
    run_until(world, world->closed == 1);
    assert_in_range(now_ms() - begin, 900, 10000);
    assert_int_equal(world->frames, frames);
    close(fd);
}

static void test_new_output_does_not_put_off_the_drop(void **state)
{
    struct world *world = *state;
    serve_unix(world, (struct net_settings){.write_timeout_s = 1});
    int fd = client_open(world);
    run_until(world, world->opened == 1);
    static uint8_t bytes[1 << 20];
    net_send(world->last_opened, bytes, sizeof bytes, NULL);
    int64_t begin = now_ms();
    // Each turn something more to send: only what the client takes counts.
    run_until(world, ({
        if (world->closed == 0)
            net_send(world->last_opened, bytes, 1, NULL);
        world->closed == 1;
    }));
    assert_in_range(now_ms() - begin, 900, 5000);
    close(fd);
}

static void test_a_client_that_reads_again_goes_on(void **state)
{
    struct world *world = *state;
    serve_unix(world, (struct net_settings){.unread_bytes_max = 10000});
    int fd = client_open(world);
    size_t frames = send_without_reading(world, fd);
    uint8_t bytes[1000];
    for (size_t i = 0; i < frames + 1; i++)
        assert_int_equal(client_receive_frame(world, fd, bytes, sizeof bytes), 1000);
    assert_true(world->frames > frames);
    close(fd);
}

static void test_a_frame_cut_off_by_the_end_is_dropped(void **state)
{
    struct world *world = *state;
    serve_unix(world, (struct net_settings){0});
    int fd = client_open(world);
    client_send_text(world, fd, "whole");
    client_send_header(world, fd, 10);
    client_send(world, fd, "half", 4);
    close(fd);
    run_until(world, world->closed == 1);
    assert_int_equal(world->frames, 1);
    assert_int_equal(world->faults, 0);
}

static void test_a_client_that_shuts_its_side_gets_its_answers(void **state)
{
    struct world *world = *state;
    world->holds = true;
    // Two in flight: the rest waits in the buffer beyond the end that was seen.
    serve_unix(world, (struct net_settings){.in_flight_max = 2, .tcp_port_any = true});
    int fds[] = {client_open(world), client_open_tcp(net_server_tcp_port(world->server))};
    for (size_t i = 0; i < 2; i++) {
        size_t first = world->held_count;
        for (char c = 'a'; c <= 'e'; c++)
            client_send_frame(world, fds[i], &c, 1);
        shutdown(fds[i], SHUT_WR);
        for (size_t j = first; j < first + 5; j++) {
            run_until(world, world->held_count > j);
            settle(world);
            answer(world, j);
        }
        for (const char *c = "abcde"; *c; c++)
            expect_text(world, fds[i], (char[]){*c, 0});
        expect_end(world, fds[i]);
        run_until(world, world->closed == i + 1);
        close(fds[i]);
    }
}

static void test_requests_that_end_without_an_answer(void **state)
{
    struct world *world = *state;
    world->silent = true;
    serve_unix(world, (struct net_settings){.in_flight_max = 1});
    int fd = client_open(world);
    for (int i = 0; i < 10; i++)
        client_send_text(world, fd, "x");
    shutdown(fd, SHUT_WR);
    expect_end(world, fd);
    assert_int_equal(world->frames, 10);
    run_until(world, world->closed == 1);
    close(fd);
}

static void test_the_connection_outlives_its_client(void **state)
{
    struct world *world = *state;
    world->holds = true;
    serve_unix(world, (struct net_settings){0});
    int fd = client_open(world);
    client_send_text(world, fd, "one");
    client_send_text(world, fd, "two");
    run_until(world, world->held_count == 2);
    struct net_connection *connection = world->held[0].connection;
    close(fd);
    settle(world);
    answer(world, 0);
    run_until(world, net_connections(world->server) == 0);
    settle(world);
    assert_int_equal(world->closed, 0);
    assert_ptr_equal(net_connection_data(connection), (void *)1);
    assert_false(net_idle(world->server));
    answer(world, 1);
    run_until(world, world->closed == 1);
    assert_ptr_equal(world->last_closed, (void *)1);
}

static void test_a_full_owner_is_offered_everything_again_in_order_and_fairly(void **state)
{
    enum { CLIENTS = 4, EACH = 6 };
    struct world *world = *state;
    world->holds = true;
    world->room = 1;
    serve_unix(world, (struct net_settings){0});
    int fds[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = client_open(world);
        run_until(world, world->opened == (size_t)i + 1);
        for (char c = '0'; c < '0' + EACH; c++)
            client_send_frame(world, fds[i], (char[]){(char)('a' + i), c}, 2);
    }
    settle(world);
    assert_int_equal(world->held_count, 1);
    net_resume(world->server);
    settle(world);
    assert_int_equal(world->held_count, 1);

    size_t total = CLIENTS * EACH;
    while (world->held_count < total) {
        size_t before = world->held_count;
        world->room = 1;
        net_resume(world->server);
        run_until(world, world->held_count > before);
        settle(world);
        assert_int_equal(world->held_count, before + 1);
    }
    char next[CLIENTS] = {'0', '0', '0', '0'};
    for (size_t i = 0; i < total; i++)
        assert_int_equal(world->held[i].bytes[1], next[world->held[i].bytes[0] - 'a']++);
    // Fair: nobody has his third frame taken before everybody had a first.
    size_t firsts = 0;
    for (size_t i = 0; i < total; i++) {
        firsts += world->held[i].bytes[1] == '0';
        if (world->held[i].bytes[1] >= '4')
            assert_int_equal(firsts, CLIENTS);
    }
    world->room = SIZE_MAX;
    net_resume(world->server);
    for (int i = 0; i < CLIENTS; i++) {
        client_send_text(world, fds[i], "on");
        run_until(world, world->held_count == total + (size_t)i + 1);
        close(fds[i]);
    }
}

static void test_a_client_that_goes_while_the_owner_is_full(void **state)
{
    struct world *world = *state;
    world->room = 0;
    serve_unix(world, (struct net_settings){0});
    int gone = client_open(world), stays = client_open(world);
    client_send_text(world, gone, "x");
    settle(world);
    client_send_text(world, stays, "y");
    close(gone);
    settle(world);
    world->room = SIZE_MAX;
    net_resume(world->server);
    expect_text(world, stays, "y");
    run_until(world, world->closed == 1);
    assert_int_equal(world->frames, 2);
    close(stays);
}

static void test_one_connection_too_many(void **state)
{
    struct world *world = *state;
    serve_unix(world, (struct net_settings){.connections_max = 2});
    int fds[] = {client_open(world), client_open(world), client_open(world)};
    client_send_text(world, fds[2], "hello");
    expect_text(world, fds[2], "too many");
    expect_end(world, fds[2]);
    close(fds[2]);
    assert_int_equal(world->last_fault, NET_TOO_MANY_CONNECTIONS);
    client_send_text(world, fds[1], "hello");
    expect_text(world, fds[1], "hello");
    close(fds[0]);
    run_until(world, world->closed == 1);
    fds[0] = client_open(world);
    client_send_text(world, fds[0], "hello");
    expect_text(world, fds[0], "hello");
    assert_int_equal(world->opened, 3);
    close(fds[0]), close(fds[1]);
}

static void test_the_silent_give_way(void **state)
{
    struct world *world = *state;
    serve_unix(world, (struct net_settings){.connections_max = 2, .silence_max_s = 1});
    int silent = client_open(world), talks = client_open(world);
    client_send(world, silent, "\0\0\1", 3); // and no more of it
    for (int i = 0; i < 15; i++) {
        client_send_text(world, talks, "here");
        expect_text(world, talks, "here");
        usleep(100 * 1000);
    }
    int late = client_open(world);
    client_send_text(world, late, "hello");
    expect_text(world, late, "hello");
    expect_end(world, silent);
    client_send_text(world, talks, "still here");
    expect_text(world, talks, "still here");
    int too_many = client_open(world);
    expect_text(world, too_many, "too many");
    close(silent), close(talks), close(late), close(too_many);
}

static void test_a_crowd_of_refused_clients(void **state)
{
    enum { CROWD = 200 };
    struct world *world = *state;
    serve_unix(world, (struct net_settings){.connections_max = 1});
    int fds[CROWD];
    for (int i = 0; i < CROWD; i++)
        fds[i] = client_open(world);
    for (int i = 1; i < CROWD; i++) {
        char bytes[64];
        run_until(world, ({
            ssize_t count = recv(fds[i], bytes, sizeof bytes, MSG_DONTWAIT);
            assert_true(count >= 0 || errno == EAGAIN);
            count == 0;
        }));
        close(fds[i]);
    }
    assert_in_range(world->faults, 1, CROWD - 1);
    client_send_text(world, fds[0], "mine");
    expect_text(world, fds[0], "mine");
    close(fds[0]);
}

static void test_out_of_descriptors_it_neither_spins_nor_dies(void **state)
{
    struct world *world = *state;
    serve_unix(world, (struct net_settings){0});
    int clients[] = {client_open(world), client_open(world)};
    struct rlimit before, none;
    getrlimit(RLIMIT_NOFILE, &before);
    none = before;
    none.rlim_cur = 3;
    setrlimit(RLIMIT_NOFILE, &none);
    run_until(world, world->warnings == 1);
    int64_t end = now_ms() + 350;
    struct timespec cpu_before, cpu_after;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu_before);
    run_until(world, now_ms() > end);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu_after);
    setrlimit(RLIMIT_NOFILE, &before);
    assert_int_equal(world->warnings, 1);
    assert_int_equal(world->opened, 0);
    int64_t cpu_us = (cpu_after.tv_sec - cpu_before.tv_sec) * 1000000 + (cpu_after.tv_nsec - cpu_before.tv_nsec) / 1000;
    assert_in_range(cpu_us, 0, 250000);
    run_until(world, world->opened == 2);
    close(clients[0]), close(clients[1]);
}

static void expect_refusal(struct world *world, struct net_settings settings, const char *part)
{
    char error[256] = "";
    assert_null(net_server_new(world->base, &settings, &events, world, error, sizeof error));
    if (!strstr(error, part))
        fail_msg("\"%s\" lacks \"%s\"", error, part);
}

static void test_socket_file_of_a_dead_process_is_replaced_and_a_live_one_is_not(void **state)
{
    struct world *world = *state;
    struct net_settings settings = {.unix_path = world->path};
    int dead = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, world->path);
    assert_int_equal(bind(dead, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(dead, 1), 0);
    expect_refusal(world, settings, "another process is listening");
    close(dead);

    mode_t mask = umask(077);
    world_serve(world, settings);
    umask(mask);
    struct stat file;
    assert_int_equal(stat(world->path, &file), 0);
    assert_int_equal(file.st_mode & 07777, 0660);
    expect_refusal(world, settings, "another process is listening");
    int fd = client_open(world);
    client_send_text(world, fd, "still here");
    expect_text(world, fd, "still here");
    close(fd);
}

static void test_what_cannot_be_listened_on(void **state)
{
    struct world *world = *state;
    expect_refusal(world, (struct net_settings){0}, "neither");
    FILE *file = fopen(world->path, "w");
    fclose(file);
    expect_refusal(world, (struct net_settings){.unix_path = world->path}, "not a socket");
    unlink(world->path);
    expect_refusal(world, (struct net_settings){.unix_path = "/tmp/no/such/folder"}, "No such file");
    char longest[200];
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = 0;
    expect_refusal(world, (struct net_settings){.unix_path = longest}, "1 to 107 bytes");
    const char *addresses[] = {
        "0.0.0.0", "10.0.0.1", "128.0.0.1", "::", "::2", "::ffff:127.0.0.1", "localhost", "", "127.1"};
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
        expect_refusal(world, (struct net_settings){.tcp_address = addresses[i], .tcp_port_any = true}, "loopback");
    // What fails half-way leaves no socket file.
    expect_refusal(world,
        (struct net_settings){.unix_path = world->path, .tcp_address = "8.8.8.8", .tcp_port_any = true}, "8.8.8.8");
    assert_int_not_equal(access(world->path, F_OK), 0);
}

static void test_port_in_use_and_another_loopback_address(void **state)
{
    struct world *world = *state;
    world_serve(world, (struct net_settings){.tcp_address = "127.0.0.2", .tcp_port_any = true});
    uint16_t port = net_server_tcp_port(world->server);
    assert_true(port != 0);
    expect_refusal(world, (struct net_settings){.tcp_address = "127.0.0.2", .tcp_port = port}, "in use");
}

static void test_graceful_stop(void **state)
{
    struct world *world = *state;
    world->holds = true;
    world->room = 2;
    serve_unix(world, (struct net_settings){0});
    int busy = client_open(world), quiet = client_open(world);
    for (char c = 'a'; c <= 'e'; c++)
        client_send_frame(world, busy, &c, 1);
    run_until(world, world->held_count == 2 && world->opened == 2);
    net_stop_accepting_and_reading(world->server);
    assert_int_not_equal(access(world->path, F_OK), 0);
    client_send_text(world, busy, "unheard");
    expect_end(world, quiet);
    assert_false(net_idle(world->server));
    answer(world, 1), answer(world, 0);
    assert_false(net_idle(world->server));
    expect_text(world, busy, "b");
    expect_text(world, busy, "a");
    expect_end(world, busy);
    assert_int_equal(world->idles, 0);
    close(busy);
    run_until(world, world->idles == 1);
    assert_true(net_idle(world->server));
    assert_int_equal(world->frames, 2);
    assert_int_equal(world->closed, 2);
    net_stop_accepting_and_reading(world->server);
    settle(world);
    assert_int_equal(world->idles, 1);
    close(quiet);
}

static void test_stop_does_not_wait_for_ever_for_a_client_that_does_not_read(void **state)
{
    struct world *world = *state;
    serve_unix(world, (struct net_settings){.write_timeout_s = 1});
    int fd = client_open(world);
    run_until(world, world->opened == 1);
    static uint8_t bytes[4 << 20];
    net_send(world->last_opened, bytes, sizeof bytes, NULL);
    net_stop_accepting_and_reading(world->server);
    assert_false(net_idle(world->server));
    run_until(world, world->idles == 1);
    close(fd);
}

static void test_stop_does_not_wait_for_ever_for_a_client_that_reads_slowly(void **state)
{
    struct world *world = *state;
    serve_unix(world, (struct net_settings){.write_timeout_s = 1});
    int fd = client_open(world);
    run_until(world, world->opened == 1);
    static uint8_t bytes[64 << 20], read[1 << 20];
    net_send(world->last_opened, bytes, sizeof bytes, NULL);
    net_stop_accepting_and_reading(world->server);
    size_t total = 0;
    int64_t next = 0;
    run_until(world, ({
        // Often enough for the write timeout, which begins anew each time.
        if (now_ms() >= next) {
            ssize_t count = recv(fd, read, sizeof read, MSG_DONTWAIT);
            total += count > 0 ? (size_t)count : 0;
            next = now_ms() + 200;
        }
        world->idles == 1;
    }));
    assert_true(total < sizeof bytes);
    close(fd);
}

static void test_stop_without_clients(void **state)
{
    struct world *world = *state;
    serve_unix(world, (struct net_settings){0});
    net_stop_accepting_and_reading(world->server);
    run_until(world, world->idles == 1);
}

static void test_free_with_everything_under_way(void **state)
{
    struct world *world = *state;
    world->holds = true;
    world->room = 2;
    serve_unix(world, (struct net_settings){0});
    int fds[] = {client_open(world), client_open(world)};
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 3; j++)
            client_send_text(world, fds[i], "x");
    client_send_header(world, fds[0], 50);
    run_until(world, world->held_count == 2 && world->opened == 2);
    settle(world);
    answer(world, 0);
    net_server_free(world->server);
    world->server = NULL;
    assert_int_equal(world->closed, 2);
    close(fds[0]), close(fds[1]);
}

#define net_test(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        net_test(test_echo_over_both_sockets),
        net_test(test_frames_cut_anywhere),
        net_test(test_pipelined_frames_of_all_sizes),
        net_test(test_answers_large_and_small_keep_their_order_and_are_freed_once),
        net_test(test_replies_of_one_turn_arrive_in_one_write),
        net_test(test_an_empty_frame_is_a_fault_and_the_connection_goes_on),
        net_test(test_too_large_a_frame_is_answered_and_closes),
        net_test(test_a_client_told_to_go_that_stays_is_closed),
        net_test(test_in_flight_limit_pauses_reading),
        net_test(test_a_client_that_does_not_read_is_paused_then_dropped),
        net_test(test_new_output_does_not_put_off_the_drop),
        net_test(test_a_client_that_reads_again_goes_on),
        net_test(test_a_frame_cut_off_by_the_end_is_dropped),
        net_test(test_a_client_that_shuts_its_side_gets_its_answers),
        net_test(test_requests_that_end_without_an_answer),
        net_test(test_the_connection_outlives_its_client),
        net_test(test_a_full_owner_is_offered_everything_again_in_order_and_fairly),
        net_test(test_a_client_that_goes_while_the_owner_is_full),
        net_test(test_one_connection_too_many),
        net_test(test_the_silent_give_way),
        net_test(test_a_crowd_of_refused_clients),
        net_test(test_out_of_descriptors_it_neither_spins_nor_dies),
        net_test(test_socket_file_of_a_dead_process_is_replaced_and_a_live_one_is_not),
        net_test(test_what_cannot_be_listened_on),
        net_test(test_port_in_use_and_another_loopback_address),
        net_test(test_graceful_stop),
        net_test(test_stop_does_not_wait_for_ever_for_a_client_that_does_not_read),
        net_test(test_stop_does_not_wait_for_ever_for_a_client_that_reads_slowly),
        net_test(test_stop_without_clients),
        net_test(test_free_with_everything_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
