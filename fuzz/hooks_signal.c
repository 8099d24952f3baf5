/* Fatal signals, where no sanitizer explains them: say what ran, then abort as the engine expects.
 */
#define _GNU_SOURCE /* sigaltstack */
#include "target.h"

#include "conformance/nearest.h"

#include <signal.h>
#include <stdlib.h>

static char signal_stack[64 * 1024]; /* a logical thread's own may be the one that overflowed */

static void on_signal(int number, siginfo_t *info, void *context)
{
    (void)context;
    target_fault(FAULT_MEMORY, info->si_addr,
                 number == SIGSEGV ? "an invalid memory access" : "a fatal signal", "");
    abort();
}

void target_install_hooks(void)
{
    static const int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    stack_t stack = {.ss_sp = signal_stack, .ss_size = sizeof signal_stack};
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaltstack(&stack, NULL);
    for (unsigned i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        sigaction(numbers[i], &action, NULL);
}
