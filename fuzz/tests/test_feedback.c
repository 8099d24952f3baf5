/* Interleaving feedback: situations are marked where operations meet, and only there. */
#include "fuzz/execute.h"
#include "fuzz/feedback.h"
#include "fuzz/target.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <string.h>

/* Runs the program and returns how many situations it shows; they are in feedback_table. */
static unsigned situations(const char *text)
{
    static struct program program;
    struct program_error error;
    unsigned count = 0;
    if (!program_parse(&program, text, strlen(text), &error)) {
        fprintf(stderr, "%u:%u: expected %s\n", error.line, error.column, error.expected);
        exit(2);
    }
    memset(feedback_table, 0, sizeof feedback_table);
    execute(&program);
    feedback_note(&program);
    for (unsigned i = 0; i < FEEDBACK_SIZE; i++)
        count += feedback_table[i];
    return count;
}

static const char *const alone = "csq 1\nt0 insert q0 irp0\nt0 cancel irp0\nt0 remove-next q0\n";
static const char *const after = "csq 1\nt0 insert q0 irp0\nt1 cancel irp0\n";
static const char *const amid = "csq 1\nt0 insert q0 irp0\n    preempt swap.after run t1\n"
                                "t1 cancel irp0\n";
static const char *const other_end =
    "csq 1\nt0 insert q0 irp0\n    preempt swap.before run t1\nt1 cancel irp0\n";
static const char *const other_company =
    "csq 1\nt0 remove-next q0\n    preempt peek.in run t1\nt1 cancel irp0\n";

int main(void)
{
    static uint8_t first[FEEDBACK_SIZE];
    target_initialize();
    tap_is(situations(alone), 0, "one thread by itself is in no company");
    tap_is(situations(after), 0, "nor is one whose company has ended");
    tap_ok(situations(amid) > 0, "a cancel in the midst of an insert is a situation");
    memcpy(first, feedback_table, sizeof first);
    situations(other_company);
    tap_ok(memcmp(first, feedback_table, sizeof first) != 0, "in the midst of a removal: another");
    situations(other_end);
    tap_ok(memcmp(first, feedback_table, sizeof first) != 0,
           "a cancel that finds no routine is another than one that does");
    situations(amid);
    tap_ok(memcmp(first, feedback_table, sizeof first) == 0, "the same program shows the same");
    return tap_end();
}
