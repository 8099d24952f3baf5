/* Replays: each input, so many times, in each build, every one in a process of its own. */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "process.h"
#include "triage_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define OUTPUT (256u << 10)

/* The exit status of csq for what it cannot read. */
enum { CSQ_REFUSES = 2, CANNOT_EXECUTE = 127 };

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
    } else if (WIFSIGNALED(process->status))
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

void triage_replay(const char *program, enum triage_mode mode, const char *file, unsigned seconds,
                   struct triage_verdict *verdict)
{
    static char output[OUTPUT];
    static const char *const options[TRIAGE_MODES] = {
        [MODE_SEQUENTIAL] = "--sequential", [MODE_SUBSTRATE] = "--substrate"};
    const char *argv[] = {program, "run", "--quiet", options[mode], file, NULL};
    struct process process = {
        .argv = argv, .seconds = seconds, .output = output, .capacity = sizeof output};
    if (!options[mode]) {
        argv[3] = file;
        argv[4] = NULL;
    }
    memset(verdict, 0, sizeof *verdict);
    if (process_run(&process))
        read_report(&process, verdict);
}

/* k replays of N: the first that shows something says what is counted. */
static void replay_often(const struct triage *triage, const char *program, enum triage_mode mode,
                         const char *file, struct triage_verdict *verdict)
{
    struct triage_verdict once;
    memset(verdict, 0, sizeof *verdict);
    for (unsigned i = 0; i < triage->replays; i++) {
        triage_replay(program, mode, file, triage->seconds, &once);
        if (once.signature[0] && !verdict->signature[0]) {
            once.shown = verdict->shown;
            *verdict = once;
        }
        verdict->shown += once.signature[0] && strcmp(once.signature, verdict->signature) == 0;
    }
    verdict->of = triage->replays;
}

struct verification {
    struct triage *triage;
    struct triage_replays *replays; /* shared with the processes that fill them in */
    size_t done;
};

/* What is known of an input once it has been replayed. */
struct triage_replays {
    uint8_t mode;
    struct triage_verdict verdict[TRIAGE_BUILDS];
};

/* True if some build has shown something. */
static bool replay_in(const struct triage *triage, const struct triage_input *input,
                      enum triage_mode mode, struct triage_replays *replays)
{
    bool shown = false;
    char *file = triage_format("%s/%s", triage->folder, input->stored);
    replays->mode = (uint8_t)mode;
    for (unsigned b = 0; b < triage->build_count; b++) {
        struct triage_verdict *verdict = &replays->verdict[b];
        if (!input->builds.path[b])
            continue;
        replay_often(triage, input->builds.path[b], mode, file, verdict);
        shown = shown || (verdict->shown && strcmp(verdict->signature, "REFUSED") != 0);
    }
    free(file);
    return shown;
}

/* An input does not say which target it is for: where nothing does, it is tried in the others, too.
 * If none shows anything, it is the first's. */
static void verify_input(void *context, size_t piece)
{
    struct verification *verification = context;
    const struct triage_input *input = &verification->triage->inputs[piece];
    struct triage_replays *replays = &verification->replays[piece];
    if (input->mode < TRIAGE_MODES) {
        replay_in(verification->triage, input, (enum triage_mode)input->mode, replays);
        return;
    }
    for (unsigned mode = 0; mode < TRIAGE_MODES; mode++)
        if (replay_in(verification->triage, input, (enum triage_mode)mode, replays))
            return;
    replay_in(verification->triage, input, MODE_SCHEDULE, replays);
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
    size_t size = (triage->input_count + 1) * sizeof(struct triage_replays);
    struct triage_replays *replays =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct verification verification = {.triage = triage, .replays = replays};
    struct process_pool pool = {.jobs = triage->jobs,
                                .count = triage->input_count,
                                .work = verify_input,
                                .done = count_input,
                                .context = &verification,
                                .signal = signal};
    if (replays == MAP_FAILED) {
        fprintf(stderr, "csq: no memory left\n");
        return false;
    }
    quiet_sanitizers();
    bool done = process_pool_run(&pool);
    if (done)
        take_over(triage, replays);
    munmap(replays, size);
    return done && !*signal;
}
