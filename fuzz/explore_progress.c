/* How it goes, on stderr: for long runs, where somebody watches or asked for it. */
#define _POSIX_C_SOURCE 200809L
#include "explore.h"

#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#define SECONDS_BETWEEN_LINES 2.0

double explore_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void print_line(const struct exploration *x, double seconds)
{
    double rate = seconds > 0 ? (double)(x->executions - x->resumed_at) / seconds : 0;
    fprintf(stderr, "%s: %" PRIu64 " executions, %.1f %% done (an estimate), %.0f a second\n",
            x->path, x->executions, 100 * x->done, rate);
}

void explore_progress(const struct exploration *x, bool last)
{
    static const struct exploration *running;
    static double start, printed;
    double now = explore_clock();
    if (running != x) {
        running = x;
        start = printed = now;
    }
    bool wanted = x->options->progress || isatty(STDERR_FILENO);
    if (last) {
        if (wanted && printed > start)
            print_line(x, now - start);
        running = NULL;
    } else if (now - printed > SECONDS_BETWEEN_LINES) {
        printed = now;
        if (wanted)
            print_line(x, now - start);
    }
}
