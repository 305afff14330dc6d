// Reference for the round trip: a bare OpenSSL server and client in two processes that exchange messages of the sizes
// of an RTM_GETLINK request and its answer over TLS 1.3 on loopback. Prints the median round trip, in seconds.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char buffer[65536];

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static SSL_CTX *context(const SSL_METHOD *method, char **argv) {
    SSL_CTX *c = SSL_CTX_new(method);
    SSL_CTX_set_min_proto_version(c, TLS1_3_VERSION);
    if (SSL_CTX_use_PrivateKey_file(c, argv[0], SSL_FILETYPE_PEM) != 1) exit(1);
    if (SSL_CTX_use_certificate_chain_file(c, argv[1]) != 1) exit(1);
    if (SSL_CTX_load_verify_locations(c, argv[2], NULL) != 1) exit(1);
    SSL_CTX_set_verify(c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return c;
}

static void read_all(SSL *s, int count) {
    for (int done = 0; done < count;) {
        int n = SSL_read(s, buffer, count - done);
        if (n <= 0) exit(0);
        done += n;
    }
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// arguments: request-bytes answer-bytes count server-key server-cert ca client-key client-cert
int main(int argc, char **argv) {
    if (argc != 9) return 2;
    int request = atoi(argv[1]), answer = atoi(argv[2]), count = atoi(argv[3]);
    int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof a;
    if (bind(listener, (void *)&a, sizeof a) < 0 || listen(listener, 1) < 0) return 1;
    getsockname(listener, (void *)&a, &length);
    pid_t child = fork();
    if (child == 0) {
        SSL *s = SSL_new(context(TLS_server_method(), (char *[]){argv[4], argv[5], argv[6]}));
        int fd = accept(listener, NULL, NULL);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        SSL_set_fd(s, fd);
        if (SSL_accept(s) != 1) exit(1);
        for (;;) {
            read_all(s, request);
            SSL_write(s, buffer, answer);
        }
    }
    SSL *s = SSL_new(context(TLS_client_method(), (char *[]){argv[7], argv[8], argv[6]}));
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (void *)&a, sizeof a) < 0) return 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    SSL_set_fd(s, fd);
    if (SSL_connect(s) != 1) return 1;
    double *times = calloc((size_t)count, sizeof *times);
    for (int i = 0; i < count; i++) {
        double start = seconds();
        SSL_write(s, buffer, request);
        read_all(s, answer);
        times[i] = seconds() - start;
    }
    qsort(times, (size_t)count, sizeof *times, by_value);
    printf("%f\n", times[count / 2]);
    kill(child, SIGTERM);
    return 0;
}
