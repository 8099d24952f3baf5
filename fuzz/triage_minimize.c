/* The smallest program with the signature of each input. Kept, as making it takes longest of all.
 */
#include "file.h"
#include "minimize.h"
#include "process.h"
#include "triage_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OUTPUT (64u << 10)

struct minimization {
    struct triage *triage;
    const volatile sig_atomic_t *signal;
    uint32_t *pieces; /* the inputs that show something */
    size_t count, done;
    struct triage_trouble *troubles; /* a piece's; shared with the processes that write them */
};

/* ---- Running csq --------------------------------------------------------------------------- */

static const char *last_line(char *output)
{
    size_t length = strlen(output);
    while (length && output[length - 1] == '\n')
        output[--length] = '\0';
    const char *newline = strrchr(output, '\n');
    return newline ? newline + 1 : output;
}

/* It is not hurried: the search for the smallest program counts its steps. How it ends says little:
 * where a sanitizer has its say, it ends as that likes. */
bool triage_run_csq(const char *const argv[], const char *made, const volatile sig_atomic_t *signal,
                    struct triage_trouble *trouble)
{
    static char output[OUTPUT];
    struct process process = {.argv = argv,
                              .signal = signal,
                              .heeds_interrupt = true,
                              .output = output,
                              .capacity = sizeof output};
    bool ran = process_run(&process);
    if (ran && access(made, F_OK) == 0)
        return true;
    const char *words = ran && process.length ? last_line(output) : "";
    snprintf(trouble->text, sizeof trouble->text, "csq %s: %s", argv[1],
             *words ? words : process_end(&process));
    return false;
}

/* ---- One input ----------------------------------------------------------------------------- */

/* The same input in other builds, or read as a text, has another smallest program. */
static char *path_of(const struct triage *triage, const struct triage_input *input,
                     const char *ending)
{
    const char *text = strchr(input->stored, '.') ? "-text" : "";
    char tag[TRIAGE_TAG] = "";
    if (input->own_builds)
        triage_print_tag(input->builds.path[input->shown_by], tag);
    return triage_format("%s/minimal/%016" PRIx64 "%s%s%s%s", triage->folder, input->hash,
                         tag[0] ? "-" : "", tag, text, ending);
}

/* Does this file show the finding of the input? */
static bool shows(const struct minimization *x, const struct triage_input *input, const char *file)
{
    struct triage_verdict verdict;
    if (access(file, F_OK) != 0)
        return false;
    triage_replay(input->builds.path[input->shown_by], (enum triage_mode)input->mode, file,
                  x->triage->seconds, x->signal, &verdict);
    return strcmp(verdict.signature, triage_shown(input)->signature) == 0;
}

/* What was interrupted is the best so far, and no more: the next time it is begun anew. */
static void minimize_anew(const struct minimization *x, size_t piece, const char *minimal,
                          const char *best)
{
    const struct triage_input *input = &x->triage->inputs[x->pieces[piece]];
    char *file = triage_format("%s/%s", x->triage->folder, input->stored);
    char *part = triage_format("%s/minimal/%zu.part", x->triage->folder, piece);
    const char *argv[] = {input->builds.path[input->shown_by],
                          "minimize",
                          file,
                          "-o",
                          part,
                          input->mode == MODE_SEQUENTIAL ? "--sequential" : NULL,
                          NULL};
    unlink(minimal);
    unlink(best);
    unlink(part);
    if (triage_run_csq(argv, part, x->signal, &x->troubles[piece]))
        rename(part, *x->signal ? best : minimal);
    free(file);
    free(part);
}

static void minimize_input(void *context, size_t piece)
{
    const struct minimization *x = context;
    const struct triage_input *input = &x->triage->inputs[x->pieces[piece]];
    char *minimal = path_of(x->triage, input, ".csq");
    char *best = path_of(x->triage, input, "-best.csq");
    if (input->mode == MODE_SUBSTRATE)
        snprintf(x->troubles[piece].text, sizeof x->troubles[piece].text,
                 "not minimized: an input of %s", triage_mode_name((enum triage_mode)input->mode));
    else if (triage_is_driver(input->builds.path[input->shown_by]))
        snprintf(x->troubles[piece].text, sizeof x->troubles[piece].text,
                 "not minimized: there is no csq in the build that shows it");
    else if (!shows(x, input, minimal) && !*x->signal) /* else it has not been asked */
        minimize_anew(x, piece, minimal, best);
    free(minimal);
    free(best);
}

static void count_input(void *context, size_t piece)
{
    struct minimization *x = context;
    (void)piece;
    triage_progress("minimized", ++x->done, x->count);
}

static void read_file(const struct triage *triage, struct triage_input *input, char *path)
{
    static struct program program;
    if (!input->minimal && access(path, F_OK) == 0 && file_read_program(path, &program, NULL)) {
        input->minimal = triage_copy(path + strlen(triage->folder) + 1);
        input->operations = program.operation_count;
        input->threads = minimize_threads(&program);
        input->preemptions = minimize_preemptions(&program);
        triage_find_cause(input, &program);
    }
    free(path);
}

/* ---- All ----------------------------------------------------------------------------------- */

static void list_pieces(struct minimization *x)
{
    x->pieces = triage_allocate((x->triage->input_count + 1) * sizeof *x->pieces);
    for (uint32_t i = 0; i < x->triage->input_count; i++)
        if (x->triage->inputs[i].shown_by >= 0)
            x->pieces[x->count++] = i;
}

bool triage_minimize(struct triage *triage, const volatile sig_atomic_t *signal)
{
    struct minimization x = {.triage = triage, .signal = signal};
    list_pieces(&x);
    struct process_pool pool = {.jobs = triage->jobs,
                                .count = x.count,
                                .work = minimize_input,
                                .done = count_input,
                                .context = &x,
                                .signal = signal};
    x.troubles = triage_share(x.count * sizeof *x.troubles);
    bool done = process_pool_run(&pool);
    for (size_t piece = 0; piece < x.count; piece++) {
        struct triage_input *input = &triage->inputs[x.pieces[piece]];
        if (x.troubles[piece].text[0])
            input->trouble = triage_copy(x.troubles[piece].text);
        read_file(triage, input, path_of(triage, input, ".csq"));
        read_file(triage, input, path_of(triage, input, "-best.csq"));
    }
    free(x.pieces);
    return done;
}
