/*
 * The picture. Letters are taken to be a little wider than those of any common fixed-width font, so
 * that the places computed here hold in all of them.
 */
#include "timeline.h"
#include "timeline_page.h"

#include "conformance/suite/emit.h"

#include <string.h>

#define LETTER  7.6 /* width of a letter; of a small one below */
#define SMALL   6.9
#define COLUMNS 30 /* letters in a line of a lane */
#define LINES   4  /* of a row, at the most */
#define LEADING 16
#define HEAD    40
#define MARGIN  8
#define NUMBERS 62 /* the column of step numbers */
#define BAR     13
#define BAR_GAP 2
#define STRAND  152

struct layout {
    const struct timeline *line;
    FILE *out;
    int lane_x[TIMELINE_LANES], lane_width[TIMELINE_LANES];
    int strand_x[SCENARIO_IRPS];
    int width, height;
    int top[TIMELINE_ROWS + 1]; /* of each row; the last is the end */
};

struct wrapped {
    unsigned count;
    char text[LINES][COLUMNS + 1];
};

/* ---- Where everything is ------------------------------------------------------------------- */

/* Into lines, at blanks where there are any. */
static void wrap(const char *text, struct wrapped *into)
{
    into->count = 0;
    while (*text && into->count < LINES) {
        size_t length = strlen(text), cut = length;
        if (length > COLUMNS) {
            for (cut = COLUMNS; cut > 0 && text[cut] != ' '; cut--)
                ;
            cut = cut ? cut : COLUMNS;
        }
        snprintf(into->text[into->count++], COLUMNS + 1, "%.*s", (int)cut, text);
        text += cut + strspn(text + cut, " ");
    }
}

static int text_width(const char *text)
{
    struct wrapped lines;
    size_t longest = 0;
    wrap(text, &lines);
    for (unsigned i = 0; i < lines.count; i++)
        if (strlen(lines.text[i]) > longest)
            longest = strlen(lines.text[i]);
    return (int)(LETTER * (double)longest);
}

static int bars_width(const struct timeline *line, unsigned lane)
{
    return (int)line->depth[lane] * (BAR + BAR_GAP) + 2 * MARGIN;
}

static void place_lanes(struct layout *at)
{
    int x = NUMBERS;
    for (unsigned t = 0; t < TIMELINE_LANES; t++) {
        int longest = (int)(LETTER * 14);
        if (!(at->line->lanes >> t & 1u))
            continue;
        for (unsigned i = 0; i < at->line->row_count; i++)
            if (at->line->rows[i].thread == t && text_width(at->line->rows[i].text) > longest)
                longest = text_width(at->line->rows[i].text);
        if (longest < (int)(LETTER * 24)) /* room for "preempted: t1 goes on" */
            longest = (int)(LETTER * 24);
        at->lane_x[t] = x;
        at->lane_width[t] = bars_width(at->line, t) + longest + 3 * MARGIN;
        x += at->lane_width[t] + MARGIN;
    }
    for (unsigned s = 0; s < SCENARIO_IRPS; s++) {
        at->strand_x[s] = x + MARGIN;
        x += at->line->slots >> s & 1u ? STRAND : 0;
    }
    at->width = x + MARGIN;
}

static bool strand_begins(const struct timeline *line, unsigned row, bool *canceled)
{
    bool begins = false;
    for (unsigned i = 0; i < line->strand_count; i++)
        if (line->strands[i].from == row) {
            begins = true;
            *canceled = *canceled || line->strands[i].canceled;
        }
    return begins;
}

static void place_rows(struct layout *at)
{
    int y = HEAD;
    for (unsigned i = 0; i < at->line->row_count; i++) {
        const struct timeline_row *row = &at->line->rows[i];
        struct wrapped lines;
        bool canceled = false;
        wrap(row->text, &lines);
        unsigned count = lines.count + (row->next >= 0);
        if (strand_begins(at->line, i, &canceled) && canceled && count < 2)
            count = 2;
        at->top[i] = y;
        y += (int)count * LEADING + MARGIN;
    }
    at->top[at->line->row_count] = y;
    at->height = y + MARGIN;
}

static int text_x(const struct layout *at, unsigned lane)
{
    return at->lane_x[lane] + bars_width(at->line, lane);
}

/* Where a switch leaves a lane or enters it: at an edge of its outermost bar. */
static int bar_edge(const struct layout *at, unsigned lane, bool right)
{
    return at->lane_x[lane] + MARGIN + (right ? BAR + 1 : -1);
}

/* ---- Lanes, bars, bands -------------------------------------------------------------------- */

static void draw_head(const struct layout *at)
{
    for (unsigned t = 0; t < TIMELINE_LANES; t++) {
        if (!(at->line->lanes >> t & 1u))
            continue;
        fprintf(at->out, "<rect class=\"lane\" x=\"%d\" y=\"4\" width=\"%d\" height=\"%d\"/>\n",
                at->lane_x[t], at->lane_width[t], at->height - MARGIN);
        fprintf(at->out, "<text class=\"head\" x=\"%d\" y=\"24\">%s%s</text>\n",
                at->lane_x[t] + MARGIN, t == SCHED_EPILOGUE ? "" : "thread ",
                timeline_lane_name(t));
    }
    for (unsigned s = 0; s < SCENARIO_IRPS; s++)
        if (at->line->slots >> s & 1u)
            fprintf(at->out, "<text class=\"head\" x=\"%d\" y=\"24\">irp%u</text>\n",
                    at->strand_x[s] - 5, s);
    fprintf(at->out, "<text class=\"number\" x=\"%d\" y=\"24\">step</text>\n", NUMBERS - 10);
    fprintf(at->out, "<path class=\"rule\" d=\"M0 %d H%d\"/>\n", HEAD - 5, at->width);
}

static void draw_bands(const struct layout *at)
{
    for (unsigned i = 0; i < at->line->band_count; i++) {
        const struct timeline_band *band = &at->line->bands[i];
        const char *kind = band->lock ? "queue-lock" : "cancel-lock";
        int y = at->top[band->from] + 1, height = at->top[band->to + 1] - y - 2;
        int x = at->lane_x[band->thread], width = at->lane_width[band->thread];
        fprintf(at->out, "<g class=\"%s\"><title>%s holds ", kind,
                timeline_lane_name(band->thread));
        emit_xml(at->out, band->name);
        fprintf(at->out,
                "</title><rect class=\"band\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>"
                "<rect x=\"%d\" y=\"%d\" width=\"4\" height=\"%d\"/></g>\n",
                x, y, width, height, x + width - (band->lock ? 5 : 11), y, height);
    }
}

static void draw_bar(const struct layout *at, const struct timeline_bar *bar)
{
    int x = at->lane_x[bar->thread] + MARGIN + bar->depth * (BAR + BAR_GAP);
    int y = at->top[bar->from] + 2, end = at->top[bar->to + 1] - (bar->cut_off ? 0 : 3);
    fprintf(at->out, "<g><title>");
    emit_xml(at->out, bar->label);
    fprintf(at->out,
            "%s</title><rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
            "rx=\"3\"/>",
            bar->cut_off ? " (has not ended)" : "", bar->callback ? "back" : "call", x, y, BAR,
            end - y);
    if (end - y > (int)(5.8 * (double)strlen(bar->label)) + 6) {
        fprintf(at->out, "<text class=\"on-bar\" transform=\"translate(%d %d) rotate(90)\">", x + 4,
                y + 4);
        emit_xml(at->out, bar->label);
        fprintf(at->out, "</text>");
    }
    fprintf(at->out, "</g>\n");
}

/* ---- Strands ------------------------------------------------------------------------------- */

static void draw_strand(const struct layout *at, const struct timeline_strand *strand)
{
    static const char *const classes[TIMELINE_STATES] = {"absent",  "owned", "queued",   "armed",
                                                         "claimed", "taken", "completed"};
    int x = at->strand_x[strand->slot], y = at->top[strand->from] + 4;
    const struct timeline_row *row = &at->line->rows[strand->from];
    int from = text_x(at, row->thread) + text_width(row->text) + MARGIN;
    fprintf(at->out, "<path class=\"irp%u strand %s\" d=\"M%d %d V%d\"/>\n", strand->slot,
            classes[strand->state], x, y, at->top[strand->to + 1] - 1);
    fprintf(at->out, "<path class=\"irp%u link\" d=\"M%d %d H%d\"/>\n", strand->slot, from,
            y + LEADING / 2, x - 4);
    fprintf(at->out, "<text class=\"state\" x=\"%d\" y=\"%d\">%s</text>\n", x + 10, y + 12,
            timeline_state_name(strand->state));
    if (strand->canceled)
        fprintf(at->out, "<text class=\"state\" x=\"%d\" y=\"%d\">Cancel is set</text>\n", x + 10,
                y + 12 + LEADING);
}

/* ---- Rows ---------------------------------------------------------------------------------- */

/* From one lane to another, between two rows: an arrow. */
static void draw_switch(const struct layout *at, unsigned row)
{
    const struct timeline_row *from = &at->line->rows[row], *to = from + 1;
    if (to->kind != TIMELINE_STEP || from->kind != TIMELINE_STEP || from->thread == to->thread)
        return;
    int y = at->top[row + 1];
    bool chosen = from->next >= 0, right = at->lane_x[to->thread] > at->lane_x[from->thread];
    int start = bar_edge(at, from->thread, right), end = bar_edge(at, to->thread, !right);
    fprintf(at->out, "<path class=\"%s\" d=\"M%d %d H%d\"/>", chosen ? "switch" : "handed", start,
            y, end);
    fprintf(at->out, "<path class=\"%s\" d=\"M%d %d l%d -4 v8 z\"/>\n",
            chosen ? "tip" : "handed-tip", end, y, right ? -7 : 7);
}

static void draw_wait(const struct layout *at, unsigned index)
{
    const struct timeline_row *row = &at->line->rows[index];
    if (row->waits_for < 0 || row->waits_for == row->thread)
        return;
    int y = at->top[index] + LEADING / 2 + 4;
    bool right = at->lane_x[row->waits_for] > at->lane_x[row->thread];
    int from = right ? text_x(at, row->thread) + text_width(row->text) + MARGIN
                     : at->lane_x[row->thread] - 2;
    int to = right ? at->lane_x[row->waits_for] - 2 : text_x(at, (unsigned)row->waits_for);
    int back = right ? -8 : 8;
    fprintf(at->out, "<path class=\"waits\" d=\"M%d %d H%d\"/>", from, y, to);
    fprintf(at->out, "<path class=\"waits-tip\" d=\"M%d %d l%d -5 v10 z\"/>\n", to, y, back);
}

static void draw_mark(const struct layout *at, unsigned index, unsigned lines)
{
    const struct timeline_row *row = &at->line->rows[index];
    bool bad = row->mark || row->kind == TIMELINE_WAIT ||
               (row->kind == TIMELINE_VERDICT && at->line->finding);
    int y = at->top[index];
    if (!bad)
        return;
    fprintf(at->out, "<rect class=\"wash\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"4\"/>",
            text_x(at, row->thread) - 5, y + 2, text_width(row->text) + 10,
            (int)lines * LEADING + 4);
    if (row->mark)
        fprintf(at->out,
                "<circle class=\"badge\" cx=\"13\" cy=\"%d\" r=\"9\"/>"
                "<text class=\"badge-text\" x=\"13\" y=\"%d\">%u</text>",
                y + 12, y + 16, row->mark);
    fputc('\n', at->out);
}

static void draw_row(const struct layout *at, unsigned index)
{
    const struct timeline_row *row = &at->line->rows[index];
    const char *kind = row->kind == TIMELINE_FOLDED                         ? "folded"
                       : row->kind == TIMELINE_VERDICT && at->line->finding ? "verdict"
                                                                            : "step";
    int x = text_x(at, row->thread), y = at->top[index] + LEADING;
    struct wrapped lines;
    wrap(row->text, &lines);
    draw_mark(at, index, lines.count);
    if (row->step)
        fprintf(at->out, "<text class=\"number\" x=\"%d\" y=\"%d\">%llu</text>", NUMBERS - 10, y,
                (unsigned long long)row->step);
    for (unsigned i = 0; i < lines.count; i++, y += LEADING) {
        fprintf(at->out, "<text class=\"%s\" x=\"%d\" y=\"%d\">", kind, x, y);
        emit_xml(at->out, lines.text[i]);
        fprintf(at->out, "</text>");
    }
    if (row->next >= 0)
        fprintf(at->out, "<text class=\"preempted\" x=\"%d\" y=\"%d\">preempted: %s goes on</text>",
                x, y, timeline_lane_name((unsigned)row->next));
    fputc('\n', at->out);
}

/* ---- All of it ----------------------------------------------------------------------------- */

static void begin(const struct layout *at, bool standalone)
{
    char sentence[TIMELINE_SENTENCE];
    timeline_sentence(at->line, sentence, sizeof sentence);
    fprintf(at->out,
            "<svg%s class=\"timeline\" role=\"img\" aria-labelledby=\"picture-title "
            "picture-words\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\">\n"
            "<title id=\"picture-title\">",
            standalone ? " xmlns=\"http://www.w3.org/2000/svg\"" : "", at->width, at->height,
            at->width, at->height);
    emit_xml(at->out, sentence);
    fprintf(at->out,
            "</title>\n<desc id=\"picture-words\">Threads side by side, steps downward; the table "
            "of steps says the same in words.</desc>\n");
    if (standalone)
        fprintf(at->out,
                "<style>\n%s</style>\n<rect class=\"ground\" width=\"100%%\" height=\"100%%\"/>\n",
                timeline_picture_style);
}

void timeline_svg(const struct timeline *line, bool standalone, FILE *out)
{
    static struct layout at;      /* its table of rows is too large for the stack of a signal */
    at.line = line, at.out = out; /* the rest is computed */
    place_lanes(&at);
    place_rows(&at);
    begin(&at, standalone);
    draw_head(&at);
    draw_bands(&at);
    for (unsigned i = 0; i < line->strand_count; i++)
        draw_strand(&at, &line->strands[i]);
    for (unsigned i = 0; i < line->bar_count; i++)
        draw_bar(&at, &line->bars[i]);
    for (unsigned i = 0; i < line->row_count; i++) {
        draw_row(&at, i);
        draw_wait(&at, i);
        if (i + 1 < line->row_count)
            draw_switch(&at, i);
    }
    fprintf(out, "</svg>\n");
}
