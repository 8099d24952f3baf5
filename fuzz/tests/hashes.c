/*
 * Prints "TRACE-HASH COVERAGE-HASH NAME" for inputs: the raw material of the determinism test.
 *
 *   hashes [--reverse] [--twice] FILE|-rCOUNT[,SEED]...
 *
 * -rCOUNT,SEED stands for COUNT random inputs; input i of a seed is the same everywhere. Coverage
 * is 0 in builds without coverage instrumentation. With --twice each input is run two times in a
 * row and the second run is printed; with --reverse the inputs run in the opposite order but are
 * printed in the given one. A first, empty input warms up what is created once.
 */
#include "conformance/finding.h"
#include "fuzz/execute.h"
#include "fuzz/file.h"
#include "fuzz/target.h"

#include "sched/random.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- Coverage ------------------------------------------------------------------------------ */

#define REGIONS 64

static struct {
    uint8_t *start, *stop;
} regions[REGIONS];
static unsigned region_count;

void __sanitizer_cov_8bit_counters_init(char *start, char *stop);
void __sanitizer_cov_8bit_counters_init(char *start, char *stop)
{
    if (start == stop || region_count == REGIONS)
        return;
    regions[region_count].start = (uint8_t *)start;
    regions[region_count].stop = (uint8_t *)stop;
    region_count++;
}

static void clear_coverage(void)
{
    for (unsigned r = 0; r < region_count; r++)
        memset(regions[r].start, 0, (size_t)(regions[r].stop - regions[r].start));
}

static uint64_t coverage_hash(void)
{
    uint64_t hash = 0;
    for (unsigned r = 0; r < region_count; r++)
        for (uint8_t *p = regions[r].start; p < regions[r].stop; p++)
            hash = (hash ^ *p) * 0x9e3779b97f4a7c15u + 1;
    return region_count ? hash : 0;
}

/* ---- Inputs -------------------------------------------------------------------------------- */

struct input {
    char name[200];
    uint8_t *data;
    size_t size;
    uint64_t trace, coverage;
};

static struct input *inputs;
static size_t input_count, input_room;

static struct input *add_input(void)
{
    if (input_count == input_room) {
        input_room = 2 * input_room + 64;
        inputs = realloc(inputs, input_room * sizeof *inputs);
    }
    if (!inputs)
        abort();
    return &inputs[input_count++];
}

static void add_random(unsigned index, struct sched_random *random)
{
    struct input *input = add_input();
    input->size = sched_random_below(random, 160);
    input->data = malloc(input->size + 1);
    for (size_t i = 0; i < input->size; i++)
        input->data[i] = (uint8_t)sched_random_next(random);
    snprintf(input->name, sizeof input->name, "random%u", index);
}

static void add_file(const char *path)
{
    size_t size;
    uint8_t *data = file_read(path, 1u << 20, &size);
    if (!data)
        exit(2);
    struct input *input = add_input();
    input->data = data;
    input->size = size;
    snprintf(input->name, sizeof input->name, "%s", path);
}

static void add_argument(const char *argument)
{
    unsigned count, seed = 1;
    if (sscanf(argument, "-r%u,%u", &count, &seed) < 1) {
        add_file(argument);
        return;
    }
    struct sched_random random = {.state = seed};
    for (unsigned i = 0; i < count; i++)
        add_random(i, &random);
}

/* ---- Runs ---------------------------------------------------------------------------------- */

static void run(struct input *input)
{
    static struct program program;
    program_decode(&program, input->data, input->size);
    target_set_program(&program);
    clear_coverage();
    execute(&program);
    input->coverage = coverage_hash();
    input->trace = sched_trace()->hash;
    if (finding.present) {
        target_report(stderr);
        fprintf(stderr, "hashes: %s has a finding\n", input->name);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    bool reverse = false, twice = false;
    struct input empty = {.data = (uint8_t *)"", .size = 0};
    target_initialize();
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--reverse") == 0)
            reverse = true;
        else if (strcmp(argv[i], "--twice") == 0)
            twice = true;
        else
            add_argument(argv[i]);
    }
    run(&empty);
    for (size_t i = 0; i < input_count; i++) {
        struct input *input = &inputs[reverse ? input_count - 1 - i : i];
        if (twice)
            run(input);
        run(input);
    }
    for (size_t i = 0; i < input_count; i++) {
        printf("%016" PRIx64 " %016" PRIx64 " %s\n", inputs[i].trace, inputs[i].coverage,
               inputs[i].name);
        free(inputs[i].data);
    }
    free(inputs);
    return 0;
}
