/* AFL++'s custom mutator, loaded as AFL++ loads it: by name, as a shared object. */
#define _GNU_SOURCE /* readlink, RTLD_LOCAL */
#include "programs.h"

#include <dlfcn.h>
#include <unistd.h>

typedef void *init_function(void *afl, unsigned int seed);
typedef size_t fuzz_function(void *data, uint8_t *bytes, size_t size, uint8_t **out, uint8_t *other,
                             size_t other_size, size_t max_size);
typedef int32_t init_trim_function(void *data, uint8_t *bytes, size_t size);
typedef size_t trim_function(void *data, uint8_t **out);
typedef int32_t post_trim_function(void *data, uint8_t success);
typedef void deinit_function(void *data);

static init_function *init;
static fuzz_function *fuzz;
static init_trim_function *init_trim;
static trim_function *trim;
static post_trim_function *post_trim;
static deinit_function *deinit;

static uint8_t input[PROGRAM_MAX_SIZE], other[PROGRAM_MAX_SIZE];

/* The shared object lies beside this program. */
static void *load(void)
{
    char path[4096] = {0};
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 40);
    char *slash = length > 0 ? strrchr(path, '/') : NULL;
    if (!slash)
        return NULL;
    strcpy(slash + 1, "csqfuzz_afl_mutator.so");
    return dlopen(path, RTLD_NOW | RTLD_LOCAL);
}

static bool find(void *library)
{
    *(void **)&init = dlsym(library, "afl_custom_init");
    *(void **)&fuzz = dlsym(library, "afl_custom_fuzz");
    *(void **)&init_trim = dlsym(library, "afl_custom_init_trim");
    *(void **)&trim = dlsym(library, "afl_custom_trim");
    *(void **)&post_trim = dlsym(library, "afl_custom_post_trim");
    *(void **)&deinit = dlsym(library, "afl_custom_deinit");
    return init && fuzz && init_trim && trim && post_trim && deinit;
}

static void mutations(void)
{
    unsigned wrong = 0, differing = 0, distinct = 0;
    void *one = init(NULL, 7), *same = init(NULL, 7), *another = init(NULL, 8);
    for (unsigned i = 0; i < 5000; i++) {
        uint8_t *a = NULL, *b = NULL, *c = NULL;
        size_t size = random_input(input), other_size = random_input(other);
        size_t max_size = i % 4 ? 264 : below(64);
        uint8_t *add = i % 3 ? other : NULL;
        size_t got = fuzz(one, input, size, &a, add, add ? other_size : 0, max_size);
        size_t again_got = fuzz(same, input, size, &b, add, add ? other_size : 0, max_size);
        size_t c_got = fuzz(another, input, size, &c, add, add ? other_size : 0, max_size);
        wrong += !a || got > max_size || (max_size >= PROGRAM_HEADER_SIZE && got == 0);
        differing += got != again_got || memcmp(a, b, got) != 0;
        distinct += got != c_got || memcmp(a, c, got) != 0;
        decode(&program, a, got);
        wrong += got > 0 && !survives_bytes(&program);
    }
    tap_is(wrong, 0, "afl: mutated inputs are within the size allowed");
    tap_is(differing, 0, "afl: the same seed gives the same inputs");
    tap_ok(distinct > 4000, "afl: another seed gives others");
    deinit(one);
    deinit(same);
    deinit(another);
}

/* AFL++'s own loop, with a judge who wants an operation of kind cancel to stay. */
static void trimming(void)
{
    unsigned wrong = 0, left = 0, judged = 0;
    void *mutator = init(NULL, 1);
    for (unsigned i = 0; i < 500; i++) {
        size_t size = random_input(input), best = size;
        unsigned best_operations = 0;
        int32_t step = 0, steps = init_trim(mutator, input, size);
        decode(&again, input, size);
        for (unsigned o = 0; o < again.operation_count; o++)
            best_operations += again.operations[o].kind == OP_CANCEL;
        bool any = best_operations > 0;
        for (best_operations = again.operation_count; any && step < steps;) {
            uint8_t *out = NULL;
            size_t got = trim(mutator, &out);
            wrong += !out || got > best || got == 0;
            bool good = false;
            decode(&program, out, got);
            for (unsigned o = 0; o < program.operation_count; o++)
                good = good || program.operations[o].kind == OP_CANCEL;
            if (good) {
                best = got;
                best_operations = program.operation_count;
            }
            int32_t next = post_trim(mutator, good);
            wrong += next <= step || next > steps;
            step = next;
        }
        judged += any;
        left += any ? best_operations : 0;
    }
    tap_is(wrong, 0, "afl: trimmed inputs are smaller, and steps count upward");
    tap_ok(judged > 300 && left == judged, "afl: one operation is left, that which matters");
    deinit(mutator);
}

static char folder[64];

/* A file of one byte, which no mutation makes: they start with a header. */
static void add_file(const char *name, uint8_t byte)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    if (file) {
        fputc(byte, file);
        fclose(file);
    }
}

/* How often the byte comes in so many mutations; each other byte counts as wrong. */
static unsigned times_seen(void *mutator, uint8_t byte, unsigned calls)
{
    unsigned seen = 0;
    while (calls-- > 0) {
        uint8_t *out = NULL;
        size_t got = fuzz(mutator, input, 64, &out, NULL, 0, 264);
        seen += got == 1 ? (out[0] == byte ? 1 : 1000) : 0;
    }
    return seen;
}

static void taking_in(void)
{
    strcpy(folder, "/tmp/csqfuzz-intake-XXXXXX");
    if (!tap_ok(mkdtemp(folder) != NULL, "afl: a folder for what others found"))
        return;
    setenv("CSQFUZZ_INTAKE", folder, 1);
    random_input(input);
    void *mutator = init(NULL, 1);
    tap_is(times_seen(mutator, 'a', 10000), 0, "afl: an empty folder adds nothing");
    add_file("one", 'a');
    tap_is(times_seen(mutator, 'a', 10000), 1, "afl: what another fuzzer found comes, once");
    add_file("two", 'b');
    add_file(".half", 'c');
    tap_is(times_seen(mutator, 'b', 10000), 1, "afl: so does the next, and no hidden file");
    deinit(mutator);
    unsetenv("CSQFUZZ_INTAKE");
    mutator = init(NULL, 1);
    tap_is(times_seen(mutator, 'a', 10000), 0, "afl: without the folder's name nothing comes");
    deinit(mutator);
    for (const char *const *name = (const char *const[]){"/one", "/two", "/.half", "", NULL}; *name;
         name++) {
        char path[128];
        snprintf(path, sizeof path, "%s%s", folder, *name);
        remove(path);
    }
}

int main(void)
{
    void *library = load();
    if (!tap_ok(library != NULL, "afl: the shared object can be loaded"))
        printf("# %s\n", dlerror());
    if (!library || !tap_ok(find(library), "afl: it has what AFL++ looks for"))
        return tap_end() | 1;
    mutations();
    trimming();
    taking_in();
    dlclose(library);
    return tap_end();
}
