/* What came through the wall, put into words. */
#define _GNU_SOURCE /* strsignal, memmem */
#include "wall_internal.h"

#include <ctype.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#define FRAMES 6 /* of a sanitizer's stacks, kept */

/* ---- Speech -------------------------------------------------------------------------------- */

/* Keep the last bytes that fit. */
static void keep_tail(struct wall_speech *speech, const char *text, size_t length)
{
    size_t room = sizeof speech->tail;
    if (length > room) {
        text += length - room;
        length = room;
    }
    size_t kept = speech->tail_length;
    if (kept + length > room) {
        size_t dropped = kept + length - room;
        memmove(speech->tail, speech->tail + dropped, kept - dropped);
        kept -= dropped;
    }
    memcpy(speech->tail + kept, text, length);
    speech->tail_length = kept + length;
}

void wall_hear(struct wall_speech *speech, const char *text, size_t length)
{
    size_t room = sizeof speech->head - speech->head_length;
    size_t first = length < room ? length : room;
    memcpy(speech->head + speech->head_length, text, first);
    speech->head_length += first;
    if (length > first)
        keep_tail(speech, text + first, length - first);
}

/* ---- Lines --------------------------------------------------------------------------------- */

/* The rest of the line from `mark` on, if that is there. */
static void cut_at(char *line, const char *mark)
{
    char *at = strstr(line, mark);
    if (at)
        *at = '\0';
}

/* The line without addresses, process numbers and folders: they differ by run and by machine. */
static void tidy_line(char *line)
{
    char *to = line;
    for (char *from = line; *from;) {
        size_t digits =
            from[0] == '0' && from[1] == 'x' ? strspn(from + 2, "0123456789abcdefABCDEF") + 2 : 0;
        size_t process = from[0] == '=' && from[1] == '=' ? strspn(from + 2, "0123456789") + 2 : 0;
        size_t word = strcspn(from, " ()");
        char *slash = *from == '/' ? memrchr(from, '/', word) : NULL;
        if (process > 2 && strncmp(from + process, "==", 2) == 0)
            from += process + 2;
        else if (digits > 4)
            from += digits + (from[digits] == ' ');
        else if (slash)
            from = slash + 1;
        else
            *to++ = *from++;
    }
    *to = '\0';
    cut_at(line, " (pid=");
    cut_at(line, " (BuildId");
    cut_at(line, " (conformance_suite+)");
    cut_at(line, " on address at pc");
}

static void append_line(char *said, size_t size, const char *line)
{
    size_t length = strlen(said);
    while (*line == ' ')
        line++;
    if (length + 1 < size)
        snprintf(said + length, size - length, "%s%s", length ? "\n" : "", line);
}

struct telling {
    char *said;
    size_t size;
    char *summary;
    size_t summary_size;
    unsigned frames;
    bool sanitizer;
    char last[3][200]; /* the last lines that say something, the newest at the end */
};

static void note_summary(struct telling *telling, const char *text)
{
    if (!telling->summary[0])
        snprintf(telling->summary, telling->summary_size, "%s", text);
}

static void keep_last(struct telling *telling, const char *line)
{
    if (line[strspn(line, " \t")] == '\0')
        return;
    memmove(telling->last[0], telling->last[1], sizeof telling->last - sizeof telling->last[0]);
    snprintf(telling->last[2], sizeof telling->last[2], "%.199s", line);
}

static void understand_line(struct telling *telling, char *line)
{
    tidy_line(line);
    bool report =
        strstr(line, "ERROR: ") || strstr(line, "WARNING: ") || strstr(line, "runtime error: ");
    const char *summary = strncmp(line, "SUMMARY: ", 9) == 0 ? line + 9 : NULL;
    bool frame = telling->sanitizer && strncmp(line + strspn(line, " "), "#", 1) == 0;
    if (report && strstr(line, "Sanitizer")) {
        telling->sanitizer = true;
    } else if (report && strstr(line, "runtime error: ")) {
        telling->sanitizer = true;
        note_summary(telling, line);
    }
    if (summary && strstr(summary, "Sanitizer")) {
        telling->sanitizer = true;
        if (strncmp(summary, "UndefinedBehavior", 17) != 0) /* it only repeats the place */
            note_summary(telling, summary);
    } else if ((report && telling->sanitizer) || (frame && telling->frames++ < FRAMES)) {
        append_line(telling->said, telling->size, line);
    } else {
        keep_last(telling, line);
    }
}

/* Reports must not carry control characters or half of a UTF-8 sequence. */
static void make_printable(char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] != '\n' && !(text[i] >= ' ' && text[i] <= '~'))
            text[i] = text[i] == '\t' ? ' ' : '?';
}

static void understand_part(struct telling *telling, char *text, size_t length)
{
    make_printable(text, length);
    for (size_t at = 0; at < length;) {
        char *end = memchr(text + at, '\n', length - at);
        size_t size = end ? (size_t)(end - (text + at)) : length - at;
        char line[512];
        snprintf(line, sizeof line, "%.*s", (int)size, text + at);
        understand_line(telling, line);
        at += size + 1;
    }
}

bool wall_understand(struct wall_speech *speech, char *said, size_t size, char *summary,
                     size_t summary_size)
{
    struct telling telling = {
        .said = said, .size = size, .summary = summary, .summary_size = summary_size};
    said[0] = summary[0] = '\0';
    understand_part(&telling, speech->head, speech->head_length);
    understand_part(&telling, speech->tail, speech->tail_length);
    if (!telling.sanitizer)
        for (int i = 0; i < 3; i++)
            if (telling.last[i][0])
                append_line(said, size, telling.last[i]);
    return telling.sanitizer;
}

/* ---- Verdict ------------------------------------------------------------------------------- */

/* The process may have written anything there. */
static void mend_text(char *text, size_t size)
{
    text[size - 1] = '\0';
    make_printable(text, strlen(text));
}

static void mend(struct case_result *result)
{
    mend_text(result->expected, sizeof result->expected);
    mend_text(result->seen, sizeof result->seen);
    mend_text(result->advice, sizeof result->advice);
    mend_text(result->trace, sizeof result->trace);
    mend_text(result->place, sizeof result->place);
    if (result->other_count > CASE_OTHERS)
        result->other_count = 0;
    for (unsigned i = 0; i < result->other_count; i++)
        if ((unsigned)result->others[i] >= CLAUSES)
            result->other_count = 0;
}

/* The case itself came to no verdict: why? */
static enum suite_verdict of_process(struct case_result *result, int status, bool hung,
                                     double seconds, const char *summary)
{
    size_t size = sizeof result->seen;
    if (hung && !summary[0]) {
        snprintf(result->seen, size, "it had not ended after %g s", seconds);
        return VERDICT_HUNG;
    }
    if (summary[0])
        snprintf(result->seen, size, "%s", summary);
    else if (WIFSIGNALED(status))
        snprintf(result->seen, size, "signal %d: %s", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else if (result->verdict == CASE_CONFORMS)
        snprintf(result->seen, size, "its process ended with status %d", WEXITSTATUS(status));
    else
        snprintf(result->seen, size, "it called exit(%d) in the middle", WEXITSTATUS(status));
    return VERDICT_CRASHED;
}

static enum suite_verdict of_case(enum case_verdict verdict)
{
    static const enum suite_verdict verdicts[] = {
        [CASE_CONFORMS] = VERDICT_CONFORMS, [CASE_DEVIATES] = VERDICT_DEVIATES,
        [CASE_DIFFERS] = VERDICT_DIFFERS,   [CASE_CRASHED] = VERDICT_CRASHED,
        [CASE_HUNG] = VERDICT_HUNG,
    };
    return verdicts[verdict];
}

void wall_conclude(struct suite_run *run, int status, bool hung, double seconds,
                   struct wall_speech *speech)
{
    struct case_result *result = &run->result;
    char summary[256];
    bool reported = wall_understand(speech, run->said, sizeof run->said, summary, sizeof summary);
    bool ended_well = !hung && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    unsigned verdict = (unsigned)result->verdict;
    mend(result);
    if (reported && !summary[0])
        snprintf(summary, sizeof summary, "%.200s", run->said);
    /* What came first counts; but "conforms" is not true of a process that then dies. */
    if (verdict == CASE_UNFINISHED && result->other_count > 0)
        run->verdict = VERDICT_DEVIATES; /* it died of what it had looked past */
    else if (verdict == CASE_UNFINISHED || verdict > CASE_HUNG ||
             (verdict == CASE_CONFORMS && !ended_well))
        run->verdict = of_process(result, status, hung, seconds, summary);
    else
        run->verdict = of_case(result->verdict);
    if (suite_is_failure(run->verdict) && !result->expected[0])
        snprintf(result->expected, sizeof result->expected, "%s", run->which->sentence);
}
