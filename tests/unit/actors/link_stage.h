/*
 * tests/unit/actors/link_stage.h - addresses of every kind, and a system with one actor on the
 * other side.
 */
#ifndef TUTTI_TESTS_UNIT_ACTORS_LINK_STAGE_H
#define TUTTI_TESTS_UNIT_ACTORS_LINK_STAGE_H

#include <arpa/inet.h>
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "actors/link.h"
#include "actors/system.h"
#include "mailbox/message.h"

enum { PATIENCE_MS = 10000, TRY_MS = 20, TRIES_MAX = 500, FLOOD = 5000 };

/* An address of each kind that nobody uses, in a folder of its own. */
enum address_kind { INPROC, IPC, TCP, WS, ADDRESS_KINDS };
static char folder[] = "/tmp/tutti-link-XXXXXX";
static char address[64];

static inline unsigned free_port(void)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(name);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&name, &length), 0);
    close(fd);
    return ntohs(name.sin_port);
}

static inline const char *address_of(int kind)
{
    switch ((enum address_kind)kind) {
    case INPROC:
        return strcpy(address, "inproc://link-test");
    case IPC:
        return strcpy(address, "ipc://link.sock"); /* Relative: we are in the folder. */
    case TCP:
        snprintf(address, sizeof(address), "tcp://127.0.0.1:%u", free_port());
        return address;
    case WS:
    case ADDRESS_KINDS:
        break;
    }
    snprintf(address, sizeof(address), "ws://127.0.0.1:%u/events", free_port());
    return address;
}

static inline void folder_setup(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
}

static inline void folder_teardown(void)
{
    (void)unlink("link.sock");
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_int_eq(rmdir(folder), 0);
    message_pool_drain();
}

/* A system with one actor. */
static struct system *host;
static pthread_t host_thread;
static struct actor_ref guest;

static inline void *host_main(void *argument)
{
    ck_assert_int_eq(system_run(argument), ERR_NONE);
    return NULL;
}

static inline void host_start(const struct actor_class *class_)
{
    ck_assert_int_eq(system_create(&(struct system_options){.workers = 1}, &host), ERR_NONE);
    ck_assert_int_eq(system_spawn(host, class_, NULL, &guest), ERR_NONE);
    ck_assert_int_eq(pthread_create(&host_thread, NULL, host_main, host), 0);
}

static inline void host_stop(void)
{
    system_stop(host);
    pthread_join(host_thread, NULL);
}

/* Ends with its first message. */
static inline enum err quitter_receive(struct context *context, void *state, nng_msg **message)
{
    (void)state;
    (void)message;
    context_stop(context);
    return ERR_NONE;
}

static const struct actor_class quitter_class = {.name = "quitter", .receive = quitter_receive};

#endif
