/*
 * The target's side of AFL++, beside the driver that AFL++ brings. Between two inputs a persistent
 * process is stopped, waiting for its fork server; if that goes first (afl-fuzz was killed, or
 * forgot one of two, as 4.04c does with -c) it would stay for ever. So it goes with the fork
 * server.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

static pid_t server;

static void remember_server(void)
{
    server = getpid();
}

static void follow_server(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != server) /* which ended before it could have told */
        _exit(0);
}

__attribute__((constructor)) static void bind_to_server(void)
{
    pthread_atfork(remember_server, NULL, follow_server);
}
