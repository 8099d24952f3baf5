/* For terminals: narrow lanes of box drawing, or of ASCII, and the steps in words beside them. */
#include "timeline.h"

#include <string.h>

struct signs {
    const char *first, *middle, *last, *only, *queue_lock, *cancel_lock, *fold, *preempted;
    const char *strand[TIMELINE_STATES];
};

static const struct signs boxes = {
    "┌", "│", "└", "╶", "█", "▒", "⋮", "↪", {" ", "╎", "│", "┃", "║", "╎", "·"}};
static const struct signs plain = {
    ".", "|", "'", "-", "#", "%", ":", ">", {" ", ":", "|", "I", "H", ":", "."}};

#define STRAND 18 /* columns */

struct painter {
    const struct timeline *line;
    const struct signs *signs;
    FILE *out;
};

/* ---- Lanes --------------------------------------------------------------------------------- */

static const char *bar_sign(const struct painter *p, unsigned thread, unsigned depth, unsigned row)
{
    for (unsigned i = 0; i < p->line->bar_count; i++) {
        const struct timeline_bar *bar = &p->line->bars[i];
        if (bar->thread != thread || bar->depth != depth || row < bar->from || row > bar->to)
            continue;
        bool last = row == bar->to && !bar->cut_off;
        return row == bar->from ? last ? p->signs->only : p->signs->first
               : last           ? p->signs->last
                                : p->signs->middle;
    }
    return " ";
}

/* The queue's lock, if it holds that and the cancel spin lock. */
static const char *lock_sign(const struct painter *p, unsigned thread, unsigned row)
{
    const char *sign = " ";
    for (unsigned i = 0; i < p->line->band_count; i++) {
        const struct timeline_band *band = &p->line->bands[i];
        if (band->thread != thread || row < band->from || row > band->to)
            continue;
        if (band->lock)
            return p->signs->queue_lock;
        sign = p->signs->cancel_lock;
    }
    return sign;
}

static unsigned lane_width(const struct timeline *line, unsigned thread)
{
    unsigned least = (unsigned)strlen(timeline_lane_name(thread));
    return line->depth[thread] + 1 > least ? line->depth[thread] + 1 : least;
}

static void put_lanes(const struct painter *p, unsigned row)
{
    for (unsigned t = 0; t < TIMELINE_LANES; t++) {
        unsigned depth = p->line->depth[t];
        if (!(p->line->lanes >> t & 1u))
            continue;
        for (unsigned d = 0; d < depth; d++)
            fputs(bar_sign(p, t, d, row), p->out);
        fputs(lock_sign(p, t, row), p->out);
        fprintf(p->out, "%*s", (int)(lane_width(p->line, t) - depth - 1 + 2), "");
    }
}

static void put_strands(const struct painter *p, unsigned row)
{
    for (unsigned s = 0; s < SCENARIO_IRPS; s++) {
        const struct timeline_strand *strand = NULL;
        if (!(p->line->slots >> s & 1u))
            continue;
        for (unsigned i = 0; i < p->line->strand_count; i++)
            if (p->line->strands[i].slot == s && row >= p->line->strands[i].from &&
                row <= p->line->strands[i].to)
                strand = &p->line->strands[i];
        bool begins = strand && strand->from == row;
        fprintf(p->out, "%s%s%-*s", strand ? p->signs->strand[strand->state] : " ",
                strand && strand->canceled ? "*" : " ", STRAND - 2,
                begins ? timeline_state_name(strand->state) : "");
    }
}

/* ---- Rows ---------------------------------------------------------------------------------- */

static void put_row(const struct painter *p, unsigned index)
{
    const struct timeline_row *row = &p->line->rows[index];
    if (row->kind == TIMELINE_FOLDED)
        fprintf(p->out, "    %s  ", p->signs->fold);
    else if (row->step)
        fprintf(p->out, "%5llu  ", (unsigned long long)row->step);
    else
        fprintf(p->out, "       ");
    put_lanes(p, index);
    put_strands(p, index);
    if (row->mark)
        fprintf(p->out, "[%u] ", row->mark);
    if (row->kind == TIMELINE_STEP || row->kind == TIMELINE_WAIT)
        fprintf(p->out, "%s ", timeline_lane_name(row->thread));
    else if (row->kind == TIMELINE_VERDICT && p->line->finding)
        fprintf(p->out, "==> ");
    fprintf(p->out, "%s\n", row->text);
}

/* The lanes of the row before go on through it. */
static void put_preemption(const struct painter *p, const struct timeline_row *row)
{
    unsigned width = 7 + 4;
    for (unsigned t = 0; t < TIMELINE_LANES; t++)
        if (p->line->lanes >> t & 1u)
            width += lane_width(p->line, t) + 2;
    for (unsigned s = 0; s < SCENARIO_IRPS; s++)
        width += p->line->slots >> s & 1u ? STRAND : 0;
    fprintf(p->out, "%*s%s %s is preempted: %s goes on\n", (int)width - 4, "", p->signs->preempted,
            timeline_lane_name(row->thread), timeline_lane_name((unsigned)row->next));
}

static void put_head(const struct painter *p)
{
    fprintf(p->out, "\n step  ");
    for (unsigned t = 0; t < TIMELINE_LANES; t++)
        if (p->line->lanes >> t & 1u)
            fprintf(p->out, "%-*s", (int)lane_width(p->line, t) + 2, timeline_lane_name(t));
    for (unsigned s = 0; s < SCENARIO_IRPS; s++)
        if (p->line->slots >> s & 1u)
            fprintf(p->out, "irp%u%*s", s, STRAND - 4, "");
    fprintf(p->out, "what happens\n");
}

static void put_story(const struct painter *p)
{
    char text[TIMELINE_SENTENCE];
    timeline_sentence(p->line, text, sizeof text);
    fprintf(p->out, "%s\n", text);
    if (p->line->finding) {
        const struct clause_text *clause = clause_text(p->line->finding->clause);
        fprintf(p->out, "  clause  %s: %s\n  source  %s\n", clause->id, clause->sentence,
                clause->page);
    }
    if (timeline_omission(p->line, text, sizeof text))
        fprintf(p->out, "%s\n", text);
}

static void put_legend(const struct painter *p)
{
    fprintf(p->out,
            "\n%s%s%s a call or a callback   %s holds a queue's lock   %s holds the cancel spin "
            "lock\n* Cancel is set   [1] [2] the steps that met\n",
            p->signs->first, p->signs->middle, p->signs->last, p->signs->queue_lock,
            p->signs->cancel_lock);
}

void timeline_text(const struct timeline *line, bool ascii, FILE *out)
{
    struct painter p = {line, ascii ? &plain : &boxes, out};
    put_story(&p);
    put_head(&p);
    for (unsigned i = 0; i < line->row_count; i++) {
        put_row(&p, i);
        if (line->rows[i].next >= 0)
            put_preemption(&p, &line->rows[i]);
    }
    put_legend(&p);
}
