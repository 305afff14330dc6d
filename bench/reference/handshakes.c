// Full mutual TLS 1.3 handshakes with a server, each on a connection of its own, and how long they took.
//
//   handshakes PORT KEY CERTIFICATE WORDS SECONDS RATE
//
// WORDS are written after the handshake, with \n, \r and \xHH; the handshake counts when the server has answered with at
// least one byte, which shows that it has accepted the client. RATE 0: 64 connections at a time, as fast as they go; else
// so many begin each second, whatever became of those before. Prints handshakes per second, the median and the 99th
// percentile of the time from when each should have begun, in microseconds, and how many failed.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { most_open = 512, most_results = 1 << 20, at_once = 64 };

typedef struct {
    SSL *ssl;
    int fd;
    int shaken;
    int64_t began;
} client;

static client clients[most_open];
static uint32_t results[most_results];
static long done, failed, open_count;
static char words[256];
static int word_count;
static struct sockaddr_in server = {.sin_family = AF_INET};

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void die(const char *what) {
    perror(what);
    exit(1);
}

static void read_words(const char *text) {
    while (*text && word_count < (int)sizeof words) {
        unsigned value;
        if (strncmp(text, "\\n", 2) == 0) words[word_count++] = '\n', text += 2;
        else if (strncmp(text, "\\r", 2) == 0) words[word_count++] = '\r', text += 2;
        else if (sscanf(text, "\\x%2x", &value) == 1) words[word_count++] = (char)value, text += 4;
        else words[word_count++] = *text++;
    }
}

static void end(client *c, int succeeded) {
    // No time in TIME_WAIT: the ports of a run would not last.
    struct linger hard = {.l_onoff = 1};
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    if (succeeded && done < most_results) results[done++] = (uint32_t)((now() - c->began) / 1000);
    if (!succeeded) failed++;
    SSL_free(c->ssl);
    close(c->fd);
    c->ssl = NULL;
    open_count--;
}

static void go_on(client *c) {
    int result;
    if (!c->shaken) {
        result = SSL_do_handshake(c->ssl);
        if (result == 1) {
            c->shaken = 1;
            if (SSL_write(c->ssl, words, word_count) != word_count) return end(c, 0);
        }
    }
    if (c->shaken) {
        char byte;
        result = SSL_read(c->ssl, &byte, 1);
        if (result == 1) return end(c, 1);
    }
    int error = SSL_get_error(c->ssl, result);
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) end(c, 0);
}

static void begin(SSL_CTX *context, int queue, int64_t when) {
    client *c = clients;
    while (c < clients + most_open && c->ssl != NULL) c++;
    if (c == clients + most_open) {
        failed++;
        return;
    }
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0) die("socket");
    // HELLO must not wait for the acknowledgement of Finished.
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (connect(c->fd, (struct sockaddr *)&server, sizeof server) != 0 && errno != EINPROGRESS) die("connect");
    c->ssl = SSL_new(context);
    c->began = when;
    c->shaken = 0;
    SSL_set_fd(c->ssl, c->fd);
    SSL_set_connect_state(c->ssl);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
    if (epoll_ctl(queue, EPOLL_CTL_ADD, c->fd, &event) != 0) die("epoll_ctl");
    open_count++;
}

static int by_value(const void *one, const void *other) {
    uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;
    return a < b ? -1 : a > b;
}

int main(int count, char **arguments) {
    if (count != 7) return 2;
    server.sin_port = htons((uint16_t)atoi(arguments[1]));
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    read_words(arguments[4]);
    double rate = atof(arguments[6]);
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    if (SSL_CTX_use_PrivateKey_file(context, arguments[2], SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_use_certificate_chain_file(context, arguments[3]) != 1)
        return 1;
    int queue = epoll_create1(EPOLL_CLOEXEC);
    int64_t start = now(), finish = start + (int64_t)(atof(arguments[5]) * 1e9);
    long begun = 0;
    struct epoll_event events[64];
    while (now() < finish) {
        int wait = 1;
        if (rate == 0) {
            while (open_count < at_once) begin(context, queue, now());
            wait = 100;
        } else {
            int64_t due = start + (int64_t)(begun * 1e9 / rate);
            while (due <= now()) {
                begin(context, queue, due);
                due = start + (int64_t)(++begun * 1e9 / rate);
            }
        }
        int ready = epoll_wait(queue, events, 64, wait);
        for (int i = 0; i < ready; i++) {
            client *c = events[i].data.ptr;
            if (c->ssl != NULL) go_on(c);
        }
    }
    double seconds = (double)(now() - start) / 1e9;
    qsort(results, (size_t)done, sizeof *results, by_value);
    printf("%.0f %u %u %ld\n", done / seconds, done ? results[done / 2] : 0, done ? results[done * 99 / 100] : 0, failed);
    return 0;
}
