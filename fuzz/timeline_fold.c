/*
 * Long executions. What matters stays: the marked steps and what surrounds them, every change of
 * thread, the beginning and the end; each run of the rest becomes a row. If too many are left, so
 * do changes of thread, and more is kept of the beginning and the end instead.
 */
#include "timeline.h"

#include <string.h>

#define AROUND   6u /* rows kept before and after a marked one */
#define SHORTEST 3u /* a shorter run is not worth a row */

/* Rows kept at the beginning and at the end, with and without all changes of thread. */
#define FIRST(changes) ((changes) ? 20u : 80u)
#define LAST(changes)  ((changes) ? 60u : 120u)

static bool keep[TIMELINE_ROWS];
static uint16_t new_place[TIMELINE_ROWS];

static void keep_around(const struct timeline *line, unsigned row, unsigned around)
{
    unsigned from = row > around ? row - around : 0;
    for (unsigned i = from; i <= row + around && i < line->row_count; i++)
        keep[i] = true;
}

static void choose(const struct timeline *line, bool changes_of_thread)
{
    memset(keep, 0, sizeof keep);
    for (unsigned i = 0; i < line->row_count; i++) {
        const struct timeline_row *row = &line->rows[i];
        bool changes = i + 1 < line->row_count && row->thread != row[1].thread;
        if (row->mark)
            keep_around(line, i, AROUND);
        else if (changes_of_thread && changes)
            keep[i] = keep[i + 1] = true;
        if (i < FIRST(changes_of_thread) || i + LAST(changes_of_thread) >= line->row_count ||
            row->kind != TIMELINE_STEP)
            keep[i] = true;
    }
}

static unsigned run_at(const struct timeline *line, unsigned row)
{
    unsigned length = 0;
    while (row + length < line->row_count && !keep[row + length])
        length++;
    return length;
}

/* Rows that would be left. */
static unsigned count_left(const struct timeline *line)
{
    unsigned left = 0;
    for (unsigned i = 0; i < line->row_count;) {
        unsigned length = run_at(line, i);
        left += length < SHORTEST && length > 0 ? length : 1;
        i += length ? length : 1;
    }
    return left;
}

/* The rows [from, from + length) as one, at `to`. */
static void fold_run(struct timeline *line, unsigned to, unsigned from, unsigned length)
{
    uint64_t first = line->rows[from].step;
    uint64_t last = line->rows[from + length].step; /* the one after it, always kept */
    unsigned thread = line->rows[from].thread, threads = 0;
    for (unsigned i = from; i < from + length; i++)
        threads |= 1u << line->rows[i].thread;
    line->row_count = to;
    struct timeline_row *row = timeline_add_row(line, TIMELINE_FOLDED, thread);
    row->step = first;
    row->folded = (last ? last : line->steps + 1) - first;
    if (threads == 1u << thread)
        snprintf(row->text, sizeof row->text, "%llu more steps of %s",
                 (unsigned long long)row->folded, timeline_lane_name(thread));
    else
        snprintf(row->text, sizeof row->text, "%llu steps of several threads",
                 (unsigned long long)row->folded);
}

static void squeeze(struct timeline *line)
{
    unsigned rows = line->row_count, to = 0;
    for (unsigned i = 0; i < rows;) {
        line->row_count = rows;
        unsigned length = run_at(line, i);
        bool fold = length >= SHORTEST;
        unsigned step = fold ? length : 1;
        for (unsigned j = i; j < i + step; j++)
            new_place[j] = (uint16_t)to;
        if (fold)
            fold_run(line, to, i, length);
        else
            line->rows[to] = line->rows[i];
        to++;
        i += step;
    }
    line->row_count = to;
}

/* What is within folded rows has nothing to stand beside. What begins in them and lasts on would
 * lie on top of what ends in them, so it begins behind; but of a strand they say its state. */
static bool move(const struct timeline *line, uint16_t *from, uint16_t *to, bool behind)
{
    *from = new_place[*from];
    *to = new_place[*to];
    bool folded = line->rows[*from].kind == TIMELINE_FOLDED;
    if (folded && *from == *to)
        return false;
    if (folded && behind)
        ++*from;
    return true;
}

#define MOVE_ALL(items, count, behind)                                                             \
    do {                                                                                           \
        unsigned left = 0;                                                                         \
        for (unsigned n = 0; n < (count); n++)                                                     \
            if (move(line, &(items)[n].from, &(items)[n].to, behind))                              \
                (items)[left++] = (items)[n];                                                      \
        (count) = left;                                                                            \
    } while (0)

void timeline_fold(struct timeline *line)
{
    if (line->row_count <= TIMELINE_PLAIN)
        return;
    choose(line, true);
    if (count_left(line) > TIMELINE_SHOWN)
        choose(line, false);
    squeeze(line);
    MOVE_ALL(line->bars, line->bar_count, true);
    MOVE_ALL(line->bands, line->band_count, true);
    MOVE_ALL(line->strands, line->strand_count, false);
}
