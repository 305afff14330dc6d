#include "probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

long tell(const char *name, long result) {
    if (result < 0) printf("%s: %s\n", name, strerrorname_np(errno));
    else printf("%s: %ld\n", name, result);
    return result;
}

int open_route(int type) { return socket(AF_NETLINK, type, NETLINK_ROUTE); }

ssize_t ask_link(int fd, uint32_t sequence) {
    struct {
        struct nlmsghdr header;
        struct ifinfomsg info;
    } request = {{sizeof request, RTM_GETLINK, NLM_F_REQUEST, sequence, 0}, {.ifi_index = 1}};
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    return sendto(fd, &request, sizeof request, 0, (struct sockaddr *)&kernel, sizeof kernel);
}

static void probe_getifaddrs(void) {
    struct ifaddrs *list;
    if (tell("getifaddrs", getifaddrs(&list)) != 0) return;
    for (struct ifaddrs *i = list; i != NULL; i = i->ifa_next) {
        char text[NI_MAXHOST] = "-";
        int family = i->ifa_addr != NULL ? i->ifa_addr->sa_family : 0;
        socklen_t length = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
        if (family == AF_INET || family == AF_INET6)
            getnameinfo(i->ifa_addr, length, text, sizeof text, NULL, 0, NI_NUMERICHOST);
        printf("%s %d 0x%x %s\n", i->ifa_name, family, i->ifa_flags & ~0x40u, text);
    }
    freeifaddrs(list);
}

static void probe_requests(const char *name) {
    static const unsigned long numbers[] = {SIOCGIFINDEX, SIOCGIFFLAGS, SIOCGIFHWADDR, SIOCGIFMTU};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct ifreq request;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        memset(&request, 0, sizeof request);
        snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
        if (tell("ioctl", ioctl(fd, numbers[i], &request)) != 0) continue;
        for (size_t k = 0; k < sizeof(struct sockaddr); k++) printf("%02x", ((unsigned char *)&request.ifr_addr)[k]);
        puts("");
    }
    request.ifr_ifindex = (int)if_nametoindex(name);
    tell("name", ioctl(fd, SIOCGIFNAME, &request));
    puts(request.ifr_name);
    tell("a bad pointer", ioctl(fd, SIOCGIFMTU, (void *)8));
    tell("a closed descriptor", ioctl(-1, SIOCGIFMTU, &request));
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    int count = argc > 2 ? atoi(argv[2]) : 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (strcmp(what, "options") == 0) probe_options();
    else if (strcmp(what, "receive") == 0) probe_receive();
    else if (strcmp(what, "signals") == 0) probe_signals();
    else if (strcmp(what, "copies") == 0) probe_copies();
    else if (strcmp(what, "hostile") == 0) probe_hostile();
    else if (strcmp(what, "races") == 0) probe_races();
    else if (strcmp(what, "lost") == 0) probe_lost();
    else if (strcmp(what, "threads") == 0) probe_threads(count);
    else if (strcmp(what, "forks") == 0) probe_forks(count);
    else if (strcmp(what, "reopen") == 0) probe_reopen(count);
    else if (strcmp(what, "getifaddrs") == 0) probe_getifaddrs();
    else if (strcmp(what, "ioctl") == 0 && argc > 2) probe_requests(argv[2]);
    else return 2;
    return 0;
}
