/* What a viewer of a 720p30 stream of 2.0 Mbit/s costs at least: encryption by libsrtp and the kernel's way out, nothing
 * else. One thread encrypts and sends every packet of a frame to N viewers, each with keys and a socket of its own; a
 * child process reads what arrives. Prints what the sender takes of a core for each viewer.
 *
 * floor VIEWERS SECONDS send|gso cm|gcm
 *   send: one send call a packet; gso: one a frame (UDP segmentation offload)
 *   cm: AES_CM_128_HMAC_SHA1_80, what webrtcbin takes; gcm: AEAD_AES_256_GCM, what the native transport and light viewers
 *   agree on
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/udp.h>
#include <signal.h>
#include <srtp2/srtp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { RATE = 30, PACKETS = 7, PAYLOAD = 1190, HEADER = 12, ROOM = HEADER + PAYLOAD + SRTP_MAX_TRAILER_LEN };

struct viewer {
    srtp_t srtp;
    struct sockaddr_in address;
    uint32_t ssrc;
    uint16_t sequence;
};

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static srtp_t context(uint32_t ssrc, int gcm) {
    static unsigned char key[SRTP_MAX_KEY_LEN];
    srtp_policy_t policy;
    srtp_t srtp;
    memset(&policy, 0, sizeof policy);
    for (size_t at = 0; at < sizeof key; at++)
        key[at] = (unsigned char)rand();
    if (gcm) {
        srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtp);
        srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtcp);
    } else {
        srtp_crypto_policy_set_rtp_default(&policy.rtp);
        srtp_crypto_policy_set_rtcp_default(&policy.rtcp);
    }
    policy.ssrc.type = ssrc_specific;
    policy.ssrc.value = ssrc;
    policy.key = key;
    if (srtp_create(&srtp, &policy) != srtp_err_status_ok) {
        fprintf(stderr, "libsrtp refuses the profile\n");
        exit(1);
    }
    return srtp;
}

/* Reads from all sockets until it is killed. */
static void receive(const int *sockets, int count) {
    static char buffer[2048];
    struct epoll_event events[64];
    int poll = epoll_create1(0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int at = 0; at < count; at++) {
        struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.fd = sockets[at]};
        if (epoll_ctl(poll, EPOLL_CTL_ADD, sockets[at], &event) != 0)
            fail("epoll_ctl");
    }
    for (;;) {
        int ready = epoll_wait(poll, events, 64, -1);
        for (int at = 0; at < ready; at++)
            while (recv(events[at].data.fd, buffer, sizeof buffer, MSG_DONTWAIT) >= 0) {
            }
    }
}

/* The packets of a frame, encrypted, one behind the other; returns the size of each. */
static size_t encrypt(struct viewer *viewer, uint32_t frame, const unsigned char *payload, unsigned char *out) {
    int length = 0;
    for (int number = 0; number < PACKETS; number++) {
        unsigned char *packet = out + (size_t)number * (size_t)length;
        uint16_t sequence = htons(viewer->sequence++);
        uint32_t time = htonl(frame * 3000), ssrc = htonl(viewer->ssrc);
        packet[0] = 0x80;
        packet[1] = (unsigned char)(96 | (number == PACKETS - 1 ? 0x80 : 0));
        memcpy(packet + 2, &sequence, 2);
        memcpy(packet + 4, &time, 4);
        memcpy(packet + 8, &ssrc, 4);
        memcpy(packet + HEADER, payload, PAYLOAD);
        length = HEADER + PAYLOAD;
        if (srtp_protect(viewer->srtp, packet, &length) != srtp_err_status_ok)
            fail("srtp_protect");
    }
    return (size_t)length;
}

static void send_one_by_one(int socket, struct viewer *viewer, unsigned char *packets, size_t size) {
    for (int number = 0; number < PACKETS; number++)
        sendto(socket, packets + (size_t)number * size, size, 0, (struct sockaddr *)&viewer->address,
               sizeof viewer->address);
}

static void send_segmented(int socket, struct viewer *viewer, unsigned char *packets, size_t size) {
    char control[CMSG_SPACE(sizeof(uint16_t))] = {0};
    struct iovec bytes = {.iov_base = packets, .iov_len = size * PACKETS};
    struct msghdr message = {.msg_name = &viewer->address,
                             .msg_namelen = sizeof viewer->address,
                             .msg_iov = &bytes,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    uint16_t segment = (uint16_t)size;
    header->cmsg_level = SOL_UDP;
    header->cmsg_type = UDP_SEGMENT;
    header->cmsg_len = CMSG_LEN(sizeof segment);
    memcpy(CMSG_DATA(header), &segment, sizeof segment);
    if (sendmsg(socket, &message, 0) < 0 && errno != EAGAIN)
        fail("sendmsg");
}

static double cpu(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

int main(int count, char **arguments) {
    static unsigned char payload[PAYLOAD], packets[PACKETS * ROOM];
    if (count != 5) {
        fprintf(stderr, "usage: floor VIEWERS SECONDS send|gso cm|gcm\n");
        return 2;
    }
    int viewers = atoi(arguments[1]), frames = atoi(arguments[2]) * RATE;
    int segmented = !strcmp(arguments[3], "gso"), gcm = !strcmp(arguments[4], "gcm");
    struct viewer *all = calloc((size_t)viewers, sizeof *all);
    int *sockets = calloc((size_t)viewers, sizeof *sockets);
    if (srtp_init() != srtp_err_status_ok || !all || !sockets)
        fail("start");
    for (int at = 0; at < viewers; at++) {
        socklen_t length = sizeof all[at].address;
        all[at].ssrc = (uint32_t)at + 1;
        all[at].srtp = context(all[at].ssrc, gcm);
        all[at].address.sin_family = AF_INET;
        all[at].address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        sockets[at] = socket(AF_INET, SOCK_DGRAM, 0);
        if (sockets[at] < 0 || bind(sockets[at], (struct sockaddr *)&all[at].address, length) != 0 ||
            getsockname(sockets[at], (struct sockaddr *)&all[at].address, &length) != 0)
            fail("socket");
    }
    if (fork() == 0)
        receive(sockets, viewers);
    for (int at = 0; at < viewers; at++)
        close(sockets[at]);
    int sender = socket(AF_INET, SOCK_DGRAM, 0);
    struct timespec due;
    clock_gettime(CLOCK_MONOTONIC, &due);
    double before = cpu();
    for (uint32_t frame = 0; frame < (uint32_t)frames; frame++) {
        for (int at = 0; at < viewers; at++) {
            size_t size = encrypt(&all[at], frame, payload, packets);
            (segmented ? send_segmented : send_one_by_one)(sender, &all[at], packets, size);
        }
        due.tv_nsec += 1000000000 / RATE;
        due.tv_sec += due.tv_nsec / 1000000000;
        due.tv_nsec %= 1000000000;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
    }
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    double late = (double)(end.tv_sec - due.tv_sec) + (double)(end.tv_nsec - due.tv_nsec) / 1e9;
    double used = cpu() - before, seconds = (double)frames / RATE + late;
    printf("%d viewers, %s, %s: %.3f %% of a core a viewer, %.2f us a packet, %d packets/s a viewer, %.1f ms late\n",
           viewers, arguments[3], arguments[4], used / seconds * 100 / viewers,
           used * 1e6 / ((double)frames * viewers * PACKETS), RATE * PACKETS, late * 1e3);
    return 0;
}
