/* Fatal signals, where no sanitizer explains them: say what ran, then abort as the engine expects.
 */
#define _GNU_SOURCE /* sigaltstack, REG_RIP */
#include "target.h"

#include "conformance/nearest.h"

#include <signal.h>
#include <stdlib.h>
#include <ucontext.h>

static char signal_stack[64 * 1024]; /* a logical thread's own may be the one that overflowed */

static char last_stack[64 * 1024];

/* Was it the instruction itself that could not be fetched? */
static bool is_wild_call(const siginfo_t *info, const ucontext_t *context)
{
#if defined(__x86_64__)
    return (uintptr_t)info->si_addr == (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return (uintptr_t)info->si_addr == (uintptr_t)context->uc_mcontext.pc;
#else
    (void)info, (void)context;
    return false;
#endif
}

/* An engine shows the stack before it saves the input, and walking one that ends in a wild call can
 * fault again, with the input lost. So it is given a stack that ends here. Returns if that fails.
 */
static void abort_on_clean_stack(void)
{
    static ucontext_t clean;
    if (getcontext(&clean) != 0)
        return;
    clean.uc_stack.ss_sp = last_stack;
    clean.uc_stack.ss_size = sizeof last_stack;
    makecontext(&clean, abort, 0);
    setcontext(&clean);
}

static void on_signal(int number, siginfo_t *info, void *context)
{
    target_fault(FAULT_MEMORY, info->si_addr,
                 number == SIGSEGV ? "an invalid memory access" : "a fatal signal", "");
    if (is_wild_call(info, context))
        abort_on_clean_stack();
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
