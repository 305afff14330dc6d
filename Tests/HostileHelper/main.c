// Stands in for a helper of the gateway: sends the packets of the file `script` beside it over descriptor 3, one a
// line in hexadecimal, and then stays until the supervisor hangs up, or ends at a line `exit N`.
//
// Where there is a socket `puppet` beside it, the test does what this process would do: it gets every descriptor, each
// with a packet of one byte and one of no descriptor behind the last, and this process stays until the test hangs up.
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int pass(int socket, int fd) {
    char byte = 0;
    struct iovec iov = {.iov_base = &byte, .iov_len = 1};
    union {
        char bytes[CMSG_SPACE(sizeof fd)];
        struct cmsghdr align;
    } control = {.bytes = {0}};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
    if (fd >= 0) {
        m.msg_control = control.bytes;
        m.msg_controllen = sizeof control.bytes;
        struct cmsghdr *header = CMSG_FIRSTHDR(&m);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(header), &fd, sizeof fd);
    }
    return sendmsg(socket, &m, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

static int be_a_puppet(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) return 1;
    strcpy(address.sun_path, path);
    int owner = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (owner < 0 || connect(owner, (struct sockaddr *)&address, sizeof address) != 0) return 1;
    for (int fd = 3; fd < owner; fd++) {
        if (fcntl(fd, F_GETFD) >= 0 && pass(owner, fd) != 0) return 1;
    }
    if (pass(owner, -1) != 0) return 1;
    char byte;
    while (recv(owner, &byte, 1, 0) > 0) {}
    return 0;
}

int main(void) {
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 16);
    if (length <= 0) return 1;
    path[length] = 0;
    char *slash = strrchr(path, '/');
    if (slash == NULL) return 1;
    strcpy(slash, "/puppet");
    if (access(path, F_OK) == 0) return be_a_puppet(path);
    strcpy(slash, "/script");
    FILE *script = fopen(path, "r");
    if (script == NULL) return 1;
    static char line[8192];
    static unsigned char packet[4096];
    while (fgets(line, sizeof line, script) != NULL) {
        if (strncmp(line, "exit ", 5) == 0) return atoi(line + 5);
        size_t count = 0;
        unsigned value;
        for (char *p = line; count < sizeof packet && sscanf(p, "%2x", &value) == 1; p += 2) packet[count++] = value;
        if (send(3, packet, count, MSG_NOSIGNAL) < 0) return 1;
    }
    fclose(script);
    // The socket doesn't wait by itself.
    struct pollfd supervisor = {.fd = 3, .events = POLLIN};
    while (poll(&supervisor, 1, -1) > 0 && recv(3, packet, sizeof packet, 0) > 0) {}
    return 0;
}
