/*
 * The page: what went wrong in a sentence, the clause, the picture, the same as a table, the
 * program. It needs nothing else, has no script, and is well-formed XML, too.
 */
#include "timeline.h"
#include "timeline_page.h"

#include "conformance/suite/emit.h"

#include "ke/ke.h"

#include <inttypes.h>

/* ---- The head ------------------------------------------------------------------------------ */

static void put_head(const struct timeline *line, const struct timeline_origin *origin, FILE *out)
{
    char sentence[TIMELINE_SENTENCE];
    timeline_sentence(line, sentence, sizeof sentence);
    emit_xml_format(out,
                    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
                    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
                    "<meta name=\"color-scheme\" content=\"light dark\"/>\n"
                    "<title>%s (%s)</title>\n<style>\n",
                    sentence, origin->file);
    fputs(timeline_page_style, out);
    fputs(timeline_picture_style, out);
    emit_xml_format(out,
                    "</style>\n</head>\n<body>\n<header>\n"
                    "<p class=\"kicker\">csqfuzz: one execution, step by step</p>\n"
                    "<h1 class=\"%s\">%s</h1>\n",
                    line->finding ? "bad" : "good", sentence);
}

static void put_fact(FILE *out, const char *name, const char *value)
{
    emit_xml_format(out, "<div><dt>%s</dt><dd>%s</dd></div>\n", name, value);
}

static void put_clause(const struct timeline *line, FILE *out)
{
    const struct finding *what = line->finding;
    if (!what)
        return;
    const struct clause_text *clause = clause_text(what->clause);
    char bugcheck[96];
    fputs("<dl class=\"clause\">\n", out);
    emit_xml_format(out, "<div><dt>%s</dt><dd><code>%s</code> %s</dd></div>\n",
                    timeline_is_nearest(line) ? "Nearest clause" : "Clause", clause->id,
                    clause->sentence);
    put_fact(out, "Source", clause->page);
    if (what->clause == CLAUSE_DEADLOCK)
        ; /* of nobody in particular: who waits is told below */
    else if (what->pair[1])
        emit_xml_format(out, "<div><dt>Operations</dt><dd>%s and %s</dd></div>\n", what->pair[0],
                        what->pair[1]);
    else
        put_fact(out, "Operation", what->pair[0]);
    if (what->bugcheck) {
        snprintf(bugcheck, sizeof bugcheck, "stops here: bug check 0x%X %s",
                 (unsigned)what->bugcheck, ke_bugcheck_name(what->bugcheck));
        put_fact(out, "Windows", bugcheck);
    }
    fputs("</dl>\n", out);
}

/* ---- The story ----------------------------------------------------------------------------- */

static void put_story_step(const struct timeline_row *row, FILE *out)
{
    char step[48] = "In the end";
    if (row->step)
        snprintf(step, sizeof step, "Step %llu", (unsigned long long)row->step);
    emit_xml_format(out, "<li><span class=\"when\">%s</span> <span><strong>%s</strong> %s", step,
                    timeline_lane_name(row->thread), row->text);
    if (row->next >= 0)
        emit_xml_format(out, ", and is preempted: %s goes on",
                        timeline_lane_name((unsigned)row->next));
    if (row->mark)
        fprintf(out, " <span class=\"mark\">%u</span>", row->mark);
    fputs("</span></li>\n", out);
}

/* What follows from it is the verdict, in the words of the headline. */
static void put_story(const struct timeline *line, FILE *out)
{
    unsigned rows[TIMELINE_STORY];
    char sentence[TIMELINE_SENTENCE];
    unsigned count = timeline_story(line, rows);
    if (count == 0)
        return;
    timeline_sentence(line, sentence, sizeof sentence);
    fputs("<h2>How it came to this</h2>\n<ul class=\"story\">\n", out);
    for (unsigned i = 0; i < count; i++)
        if (line->rows[rows[i]].kind != TIMELINE_VERDICT)
            put_story_step(&line->rows[rows[i]], out);
    emit_xml_format(out,
                    "<li class=\"so\"><span class=\"when\">So</span> <span>%s</span></li>\n</ul>\n",
                    sentence);
}

/* ---- The picture --------------------------------------------------------------------------- */

static void put_legend(FILE *out)
{
    static const char *const words[][2] = {
        {"t0, t1, ...",
         "threads. Each has a lane; time goes downward. The bars are the calls it is "
         "in: blue an operation of its own, green code that was called back."},
        {"irp0, ...", "requests (IRPs). The line at the right changes as the request does; it says "
                      "\"Cancel is set\" from when its sender wants it back."},
        {"q0, ...", "cancel-safe queues of a driver. A tinted lane holds a queue's lock (amber) or "
                    "the system's cancel spin lock (violet)."},
        {"Cancel routine", "what IoCancelIrp calls to get a queued request out again. Of all who "
                           "take it out of the IRP one gets it, and with it the request."},
        {"preempted", "the scheduler took the processor away between two steps, as it may on any "
                      "machine: the dashed arrow leads to the thread that went on."},
        {"1, 2", "the steps that met; what was found is at the end."},
    };
    fputs("<details class=\"legend\"><summary>How to read it</summary>\n<dl>\n", out);
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++)
        put_fact(out, words[i][0], words[i][1]);
    fputs("</dl>\n</details>\n", out);
}

static void put_picture(const struct timeline *line, FILE *out)
{
    char omission[256];
    fputs("<h2>The picture</h2>\n", out);
    if (timeline_omission(line, omission, sizeof omission))
        emit_xml_format(out, "<p class=\"note\">%s</p>\n", omission);
    put_legend(out);
    fputs("<div class=\"scroll picture\" tabindex=\"0\" role=\"region\" "
          "aria-label=\"The picture; it may be wider than the window\">\n",
          out);
    timeline_svg(line, false, out);
    fputs("</div>\n", out);
}

/* ---- The table ----------------------------------------------------------------------------- */

/* What changed for IRPs at this row: "irp0: cancelable, Cancel is set". */
static void put_changes(const struct timeline *line, unsigned row, FILE *out)
{
    const char *comma = "";
    for (unsigned i = 0; i < line->strand_count; i++) {
        const struct timeline_strand *strand = &line->strands[i];
        if (strand->from != row)
            continue;
        fprintf(out, "%sirp%u: ", comma, strand->slot);
        emit_xml_format(out, "%s%s", timeline_state_name(strand->state),
                        strand->canceled ? ", Cancel is set" : "");
        comma = "; ";
    }
}

static void put_table_row(const struct timeline *line, unsigned index, FILE *out)
{
    const struct timeline_row *row = &line->rows[index];
    bool bad =
        row->mark || row->kind == TIMELINE_WAIT || (row->kind == TIMELINE_VERDICT && line->finding);
    fputs(bad ? "<tr class=\"bad\"><td>" : "<tr><td>", out);
    if (row->step)
        fprintf(out, "%llu", (unsigned long long)row->step);
    emit_xml_format(out, "</td><td>%s</td><td>%s", timeline_lane_name(row->thread), row->text);
    if (row->mark)
        fprintf(out, " (%u)", row->mark);
    if (row->next >= 0)
        emit_xml_format(out, "; preempted, %s goes on", timeline_lane_name((unsigned)row->next));
    fputs("</td><td>", out);
    put_changes(line, index, out);
    fputs("</td></tr>\n", out);
}

static void put_table(const struct timeline *line, FILE *out)
{
    fputs(
        "<h2>The steps as a table</h2>\n<details class=\"steps\"><summary>Show it</summary>\n"
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"The steps\">\n<table>\n"
        "<thead><tr><th scope=\"col\">Step</th><th scope=\"col\">Thread</th>"
        "<th scope=\"col\">What happens</th><th scope=\"col\">Then</th></tr></thead>\n<tbody>\n",
        out);
    for (unsigned i = 0; i < line->row_count; i++)
        put_table_row(line, i, out);
    fputs("</tbody>\n</table>\n</div>\n</details>\n", out);
}

/* ---- All of it ----------------------------------------------------------------------------- */

void timeline_html(const struct timeline *line, const struct timeline_origin *origin, FILE *out)
{
    put_head(line, origin, out);
    put_clause(line, out);
    fputs("</header>\n<main>\n", out);
    put_story(line, out);
    put_picture(line, out);
    put_table(line, out);
    emit_xml_format(out,
                    "<h2>The program</h2>\n<p class=\"file\"><code>%s</code></p>\n"
                    "<pre tabindex=\"0\">%s</pre>\n"
                    "<h2>Run it again</h2>\n<pre tabindex=\"0\">%s</pre>\n</main>\n",
                    origin->file, origin->source, origin->command);
    fprintf(out, "<footer>%llu steps, trace hash %016" PRIx64 "%s</footer>\n</body>\n</html>\n",
            (unsigned long long)line->steps, line->hash,
            line->unended ? "; the execution was cut off here" : "");
}
