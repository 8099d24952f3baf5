/* The end of the story: who waits for whom, what was found, and which two steps met. */
#include "timeline.h"

#include <string.h>

/* ---- The steps that met -------------------------------------------------------------------- */

/* Does it change, or learn, what two operations quarrel about? */
static bool decides(unsigned event)
{
    switch (event) {
    case SCHED_SWAP_AFTER:
    case SCHED_FLAG_AFTER:
    case SCHED_CLAIM_AFTER:
    case SCHED_INSERT_OUT:
    case SCHED_REMOVE_OUT:
    case SCHED_PEEK_OUT:
    case SCHED_COMPLETE_IN:
    case SCHED_COMPLETION_IN:
        return true;
    default:
        return false;
    }
}

static const char *name_of(const struct timeline *line, unsigned operation)
{
    return operation < line->program->operation_count
               ? operation_name(line->program->operations[operation].kind)
               : "";
}

/* The last step of this operation before `row`, one that decides something if there is any. */
static struct timeline_row *last_step_of(struct timeline *line, unsigned operation, unsigned before)
{
    struct timeline_row *any = NULL;
    while (before-- > 0) {
        struct timeline_row *row = &line->rows[before];
        if (row->kind != TIMELINE_STEP || row->operation != operation)
            continue;
        if (decides(row->event))
            return row;
        if (!any && row->event != SCHED_EXIT && row->event != SCHED_END)
            any = row;
    }
    return any;
}

/* The latest step of another operation that the finding names and that is about the same IRP. */
static struct timeline_row *other_step(struct timeline *line, const struct timeline_row *own)
{
    const struct finding *what = line->finding;
    const char *mine = name_of(line, what->operation);
    const char *other =
        what->pair[1] && strcmp(what->pair[0], mine) == 0 ? what->pair[1] : what->pair[0];
    for (unsigned i = line->row_count; i-- > 0;) {
        struct timeline_row *row = &line->rows[i];
        bool same_irp = !own || own->slot < 0 || row->slot == own->slot;
        if (row->kind == TIMELINE_STEP && row->operation != what->operation && same_irp &&
            decides(row->event) && strcmp(name_of(line, row->operation), other) == 0)
            return row;
    }
    return NULL;
}

/* In the order in which they happened. */
static void mark_pair(struct timeline *line)
{
    struct timeline_row *own, *other;
    if (!line->finding || line->finding->clause == CLAUSE_DEADLOCK)
        return;
    own = last_step_of(line, line->finding->operation, line->row_count);
    other = line->finding->pair[1] ? other_step(line, own) : NULL;
    if (own)
        own->mark = other && other < own ? 2 : 1;
    if (other)
        other->mark = own && own < other ? 2 : 1;
}

const struct timeline_row *timeline_marked(const struct timeline *line, unsigned mark)
{
    for (unsigned i = 0; i < line->row_count; i++)
        if (line->rows[i].mark == mark)
            return &line->rows[i];
    return NULL;
}

/* ---- The last rows ------------------------------------------------------------------------- */

static void add_waits(struct timeline *line, const char *const wants[TIMELINE_LANES],
                      const int holders[TIMELINE_LANES])
{
    for (unsigned t = 0; t < TIMELINE_LANES; t++) {
        if (!(line->lanes >> t & 1u) || !sched_is_blocked((int)t))
            continue;
        struct timeline_row *row = timeline_add_row(line, TIMELINE_WAIT, t);
        row->waits_for = (int8_t)(wants[t] ? holders[t] : SCHED_NOBODY);
        if (row->waits_for < 0)
            snprintf(row->text, sizeof row->text, "waits for ever for %s",
                     wants[t] ? wants[t] : "an event");
        else
            snprintf(row->text, sizeof row->text, "waits for ever for %s, which %s holds", wants[t],
                     timeline_lane_name((unsigned)row->waits_for));
    }
}

static void add_verdict(struct timeline *line)
{
    const struct finding *what = line->finding;
    unsigned thread = what && what->thread >= 0 && what->thread < TIMELINE_LANES &&
                              line->lanes >> what->thread & 1u
                          ? (unsigned)what->thread
                          : 0;
    struct timeline_row *row = timeline_add_row(line, TIMELINE_VERDICT, thread);
    if (!what)
        snprintf(row->text, sizeof row->text, "the end: nothing was found");
    else if (what->clause == CLAUSE_DEADLOCK)
        snprintf(row->text, sizeof row->text, "DEADLOCK: nobody can go on");
    else if (what->clause == CLAUSE_LIVELOCK)
        snprintf(row->text, sizeof row->text, "LIVELOCK: this would go on for ever");
    else
        snprintf(row->text, sizeof row->text, "%s is violated here", clause_text(what->clause)->id);
}

void timeline_conclude(struct timeline *line, const char *const wants[TIMELINE_LANES],
                       const int holders[TIMELINE_LANES])
{
    if (line->finding && line->finding->clause == CLAUSE_DEADLOCK)
        add_waits(line, wants, holders);
    add_verdict(line);
    mark_pair(line);
}

/* ---- Sentences ----------------------------------------------------------------------------- */

/* A sanitizer's finding, which has no clause of its own. */
static const char *nearest_words(const struct finding *what)
{
    return strstr(what->message, " (the nearest clause)");
}

bool timeline_is_nearest(const struct timeline *line)
{
    return line->finding && nearest_words(line->finding);
}

/* A word gets a capital letter; a name ("irp0") stays as it is. */
static void capitalize(char *text)
{
    if (strcspn(text, "0123456789") > strcspn(text, " ") && text[0] >= 'a' && text[0] <= 'z')
        text[0] = (char)(text[0] - 'a' + 'A');
}

void timeline_sentence(const struct timeline *line, char *buffer, size_t size)
{
    const struct finding *what = line->finding;
    if (!what) {
        snprintf(buffer, size, "Nothing went wrong in this execution.");
        return;
    }
    const char *end = nearest_words(what);
    int length = (int)(end ? (size_t)(end - what->message) : strlen(what->message));
    if (end && what->thread >= 0 && what->thread < TIMELINE_LANES)
        snprintf(buffer, size, "%.*s, met by %s.", length, what->message,
                 timeline_lane_name((unsigned)what->thread));
    else
        snprintf(buffer, size, "%.*s.", length, what->message);
    capitalize(buffer);
}

/* ---- The story ----------------------------------------------------------------------------- */

static bool tells(const struct timeline *line, unsigned index)
{
    const struct timeline_row *row = &line->rows[index];
    const struct timeline_row *marked = timeline_marked(line, 1);
    if (row->mark || row->next >= 0 || row->kind == TIMELINE_WAIT || row->kind == TIMELINE_VERDICT)
        return true;
    if (line->finding->clause == CLAUSE_DEADLOCK)
        return row->event == SCHED_LOCK_GOT || row->event == SCHED_CANCEL_LOCK_GOT;
    return marked && row->kind == TIMELINE_STEP && decides(row->event) &&
           (marked->slot < 0 || row->slot == marked->slot);
}

unsigned timeline_story(const struct timeline *line, unsigned rows[TIMELINE_STORY])
{
    unsigned count = 0, at = line->row_count;
    if (!line->finding)
        return 0;
    while (at-- > 0 && count < TIMELINE_STORY)
        if (tells(line, at))
            rows[count++] = at;
    for (unsigned i = 0; i < count / 2; i++) {
        unsigned kept = rows[i];
        rows[i] = rows[count - 1 - i];
        rows[count - 1 - i] = kept;
    }
    return count;
}

bool timeline_omission(const struct timeline *line, char *buffer, size_t size)
{
    unsigned long long folded = 0;
    for (unsigned i = 0; i < line->row_count; i++)
        folded += line->rows[i].folded;
    if (line->lost)
        snprintf(buffer, size,
                 "It had %llu steps; the first %llu were not kept, and %llu are folded into rows "
                 "that say how many they stand for.",
                 (unsigned long long)line->steps, (unsigned long long)line->lost, folded);
    else if (folded)
        snprintf(buffer, size,
                 "It had %llu steps; %llu of them are folded into rows that say how many they "
                 "stand for.",
                 (unsigned long long)line->steps, folded);
    return line->lost || folded;
}
