/* Replays: each input, so many times, in each build, every one in a process of its own. */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "file.h"
#include "process.h"
#include "program.h"
#include "triage_internal.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define OUTPUT        (256u << 10)
#define LARGEST_INPUT (16u << 20)
#define ARGUMENTS     6

/* How csq ends. */
enum { CSQ_CLEAN = 0, CSQ_REFUSES = 2, CSQ_DRIFTED = 3, CANNOT_EXECUTE = 127 };

/* ---- Reading a report ---------------------------------------------------------------------- */

/* The rest of the first line that begins so, without what a terminal would obey; false if there is
 * none. */
static bool find_line(const char *output, const char *start, char *rest, size_t size)
{
    const char *line = output;
    size_t length = strlen(start), at = 0;
    while (line && strncmp(line, start, length) != 0) {
        line = strchr(line, '\n');
        line += line != NULL;
    }
    if (!line || !size)
        return false;
    for (line += length; *line && *line != '\n' && at + 1 < size; line++)
        rest[at++] = (unsigned char)*line < ' ' || *line == 0x7f ? '?' : *line;
    rest[at] = '\0';
    return true;
}

/* No report of ours: what the process died of. */
static void name_death(const struct process *process, struct triage_verdict *verdict)
{
    char summary[FINDING_SIGNATURE - 8];
    if (process->timed_out)
        snprintf(verdict->signature, sizeof verdict->signature, "TIMEOUT");
    else if (WIFEXITED(process->status) && (WEXITSTATUS(process->status) == CSQ_REFUSES ||
                                            WEXITSTATUS(process->status) == CANNOT_EXECUTE)) {
        snprintf(verdict->signature, sizeof verdict->signature, "REFUSED");
        if (!find_line(process->output, "", verdict->seen, sizeof verdict->seen))
            snprintf(verdict->seen, sizeof verdict->seen, "%s", process_end(process));
    } else if (find_line(process->output, "SUMMARY: ", summary, sizeof summary)) {
        summary[strcspn(summary, "/(")] = '\0'; /* where: a path, an address */
        snprintf(verdict->signature, sizeof verdict->signature, "CRASH %s", summary);
    } else if (WIFSIGNALED(process->status) || (WEXITSTATUS(process->status) != CSQ_CLEAN &&
                                                WEXITSTATUS(process->status) != CSQ_DRIFTED))
        snprintf(verdict->signature, sizeof verdict->signature, "CRASH %s", process_end(process));
}

static void read_report(const struct process *process, struct triage_verdict *verdict)
{
    char hash[20];
    memset(verdict, 0, sizeof *verdict);
    if (!find_line(process->output, "SUMMARY: csqfuzz: ", verdict->signature,
                   sizeof verdict->signature)) {
        name_death(process, verdict);
        return;
    }
    find_line(process->output, "  seen    ", verdict->seen, sizeof verdict->seen);
    if (find_line(process->output, "trace hash: ", hash, sizeof hash))
        verdict->hash = strtoull(hash, NULL, 16);
}

/* ---- One input ----------------------------------------------------------------------------- */

/* The arguments for csq; or for an engine-free driver, each target's being a program of its own. */
static void fill_arguments(const char *program, enum triage_mode mode, const char *file,
                           char *own_program, const char *argv[ARGUMENTS])
{
    static const char *const options[TRIAGE_MODES] = {
        [MODE_SEQUENTIAL] = "--sequential", [MODE_SUBSTRATE] = "--substrate"};
    unsigned count = 0;
    if (triage_is_driver(program)) {
        const char *slash = strrchr(program, '/');
        snprintf(own_program, PATH_MAX, "%.*s/%s_standalone", slash ? (int)(slash - program) : 1,
                 slash ? program : ".", triage_mode_name(mode));
        argv[count++] = own_program;
    } else {
        argv[count++] = program;
        argv[count++] = "run";
        argv[count++] = "--quiet";
        if (options[mode])
            argv[count++] = options[mode];
    }
    argv[count++] = file;
    argv[count] = NULL;
}

void triage_replay(const char *program, enum triage_mode mode, const char *file, unsigned seconds,
                   const volatile sig_atomic_t *signal, struct triage_verdict *verdict)
{
    static char output[OUTPUT], own_program[PATH_MAX];
    const char *argv[ARGUMENTS];
    struct process process = {.argv = argv,
                              .seconds = seconds,
                              .signal = signal,
                              .output = output,
                              .capacity = sizeof output};
    fill_arguments(program, mode, file, own_program, argv);
    memset(verdict, 0, sizeof *verdict);
    if (process_run(&process)) {
        read_report(&process, verdict);
        return;
    }
    snprintf(verdict->signature, sizeof verdict->signature, "REFUSED"); /* not: silent */
    snprintf(verdict->seen, sizeof verdict->seen, "no process to be had");
}

/* To a fuzz target everything is bytes. */
static bool is_text(const char *file)
{
    size_t size = 0;
    uint8_t *data = file_read(file, LARGEST_INPUT, &size);
    bool text = data && program_is_text(data, size);
    free(data);
    return text;
}

/* What is known of an input once it has been replayed. */
struct triage_replays {
    uint8_t mode;
    struct triage_verdict verdict[TRIAGE_BUILDS];
};

struct verification {
    struct triage *triage;
    const volatile sig_atomic_t *signal;
    struct triage_replays *replays; /* shared with the processes that fill them in */
    size_t done;
};

/* k replays of N: the first that shows something says what is counted. */
static void replay_often(const struct verification *verification, const char *program,
                         enum triage_mode mode, const char *file, struct triage_verdict *verdict)
{
    const struct triage *triage = verification->triage;
    struct triage_verdict once;
    memset(verdict, 0, sizeof *verdict);
    for (unsigned i = 0; i < triage->replays && !*verification->signal; i++) {
        triage_replay(program, mode, file, triage->seconds, verification->signal, &once);
        if (once.signature[0] && !verdict->signature[0]) {
            once.shown = verdict->shown;
            *verdict = once;
        }
        verdict->shown += once.signature[0] && strcmp(once.signature, verdict->signature) == 0;
    }
    verdict->of = triage->replays;
}

/* True if some build has shown something. */
static bool replay_in(const struct verification *verification, const struct triage_input *input,
                      enum triage_mode mode, struct triage_replays *replays)
{
    const struct triage *triage = verification->triage;
    bool shown = false;
    char *file = triage_format("%s/%s", triage->folder, input->stored);
    replays->mode = (uint8_t)mode;
    for (unsigned b = 0; b < triage->build_count; b++) {
        struct triage_verdict *verdict = &replays->verdict[b];
        const char *program = input->builds.path[b];
        if (!program || (triage_is_driver(program) && is_text(file)))
            continue;
        replay_often(verification, program, mode, file, verdict);
        shown = shown || (verdict->shown && strcmp(verdict->signature, "REFUSED") != 0);
    }
    free(file);
    return shown;
}

/* An input does not say which target it is for: where nothing does, it is tried in the others, too.
 * If none shows anything, it is the first's. */
static void verify_input(void *context, size_t piece)
{
    const struct verification *verification = context;
    const struct triage_input *input = &verification->triage->inputs[piece];
    struct triage_replays *replays = &verification->replays[piece], other = {0};
    bool known = input->mode < TRIAGE_MODES;
    bool shown = replay_in(verification, input,
                           known ? (enum triage_mode)input->mode : MODE_SCHEDULE, replays);
    for (unsigned mode = MODE_SCHEDULE + 1; !known && !shown && mode < TRIAGE_MODES; mode++) {
        shown = replay_in(verification, input, (enum triage_mode)mode, &other);
        if (shown)
            *replays = other;
    }
}

static void count_input(void *context, size_t piece)
{
    struct verification *verification = context;
    (void)piece;
    triage_progress("replayed", ++verification->done, verification->triage->input_count);
}

/* ---- All ----------------------------------------------------------------------------------- */

/* Symbols take time, and signatures have none. What the user has set goes first. */
static void quiet_sanitizers(void)
{
    setenv("ASAN_OPTIONS", "symbolize=0", 0);
    setenv("TSAN_OPTIONS", "symbolize=0", 0);
    setenv("UBSAN_OPTIONS", "symbolize=0", 0);
}

static void take_over(struct triage *triage, const struct triage_replays *replays)
{
    for (uint32_t i = 0; i < triage->input_count; i++) {
        triage->inputs[i].mode = replays[i].mode;
        memcpy(triage->inputs[i].verdict, replays[i].verdict, sizeof replays[i].verdict);
    }
}

bool triage_verify(struct triage *triage, const volatile sig_atomic_t *signal)
{
    struct triage_replays *replays = triage_share(triage->input_count * sizeof *replays);
    struct verification verification = {.triage = triage, .signal = signal, .replays = replays};
    struct process_pool pool = {.jobs = triage->jobs,
                                .count = triage->input_count,
                                .work = verify_input,
                                .done = count_input,
                                .context = &verification,
                                .signal = signal};
    quiet_sanitizers();
    bool done = process_pool_run(&pool);
    if (done)
        take_over(triage, replays);
    return done && !*signal;
}
