#include "target.h"

#include "conformance/finding.h"
#include "conformance/granularity.h"
#include "conformance/leeway.h"
#include "conformance/nearest.h"
#include "conformance/report.h"

#include "sched/sched.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const struct program *running;
static target_description *describer;
static uint64_t uncounted;
static uint64_t *executions = &uncounted;

void target_count(void)
{
    ++*executions;
}

static void map_progress(const char *path)
{
    int file = open(path, O_RDWR);
    void *mapping = MAP_FAILED;
    if (file >= 0)
        mapping = mmap(NULL, sizeof *executions, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (mapping == MAP_FAILED) {
        fprintf(stderr, "csqfuzz: cannot map %s for progress\n", path);
        exit(2);
    }
    close(file);
    executions = mapping;
}

void target_set_program(const struct program *program)
{
    running = program;
}

void target_set_description(target_description *describe)
{
    describer = describe;
}

static void print_line(void *context, const char *text)
{
    fprintf(context, "  %s\n", text);
}

static void describe(FILE *out, void *context)
{
    (void)context;
    if (describer)
        describer(print_line, out);
    else if (running)
        program_print(running, print_line, out);
}

void target_report(FILE *out)
{
    report_finding(out, &finding, describe, NULL);
    fflush(out);
}

static void (*last_words)(void);

void target_set_last_words(void (*speak)(void))
{
    last_words = speak;
}

static bool unsettled; /* since target_fault_later() */

static void speak_of_fault(void)
{
    target_report(stderr);
    if (last_words)
        last_words();
}

/* What was put off comes first: a crash on the way to the next point is its consequence. */
void target_fault(int fault, const void *address, const char *description, const char *access)
{
    bool put_off = unsettled && finding.present;
    unsettled = false;
    if (put_off ||
        (!finding.present && nearest_note((enum nearest_fault)fault, address, description, access)))
        speak_of_fault();
}

void target_fault_later(int fault, const void *address, const char *description, const char *access)
{
    if (unsettled)
        return;
    unsettled = true;
    nearest_note((enum nearest_fault)fault, address, description, access);
    sched_stop_soon();
}

void target_settle(void)
{
    if (!unsettled)
        return;
    unsettled = false;
    if (finding.present)
        speak_of_fault();
    else
        fprintf(stderr, "csqfuzz: what was reported above is ignored, or no operation's; but it "
                        "cannot be gone on from\n");
    abort();
}

static void mute_all(const char *list)
{
    char signature[FINDING_SIGNATURE];
    while (*list) {
        size_t length = strcspn(list, "\n");
        if (length > 0 && length < sizeof signature) {
            memcpy(signature, list, length);
            signature[length] = '\0';
        }
        if (length >= sizeof signature || (length > 0 && !finding_mute(signature))) {
            fprintf(stderr, "csqfuzz: cannot ignore \"%.*s\": no clause has this name\n",
                    (int)length, list);
            exit(2);
        }
        list += length + (list[length] == '\n');
    }
}

static void set_leeway(const char *words)
{
    if (leeway_set(words))
        return;
    fprintf(stderr,
            "csqfuzz: CSQFUZZ_PROFILE knows text, diagram, nt_success and exact, not \"%s\"\n",
            words);
    exit(2);
}

static void set_granularity(const char *word)
{
    bool memory;
    const char *trouble = "CSQFUZZ_GRANULARITY takes sync or memory";
    if (granularity_parse(word, &memory)) {
        if (!memory || granularity_set_memory())
            return;
        trouble = GRANULARITY_MISSING;
    }
    fprintf(stderr, "csqfuzz: %s\n", trouble);
    exit(2);
}

void target_initialize(void)
{
    const char *granularity = getenv("CSQFUZZ_GRANULARITY");
    const char *profile = getenv("CSQFUZZ_PROFILE");
    const char *list = getenv("CSQFUZZ_IGNORE");
    const char *progress = getenv("CSQFUZZ_PROGRESS");
    if (list)
        mute_all(list);
    if (profile)
        set_leeway(profile);
    if (granularity)
        set_granularity(granularity);
    if (progress)
        map_progress(progress);
    target_install_hooks();
}
