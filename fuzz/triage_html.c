/*
 * The report as a page: needs nothing else and asks nobody for anything (its policy forbids even
 * what would be there by mistake), has no script, and is well-formed XML, too. Every string goes
 * through emit_xml_format, and the whole through triage_print_valid.
 */
#include "triage_report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MANY 500 /* inputs of a cluster that are listed; what is more stands in the JSON */

static const char *cell_sign(const struct triage_cell *cell)
{
    if (cell->reports + cell->silent + cell->differs == 0)
        return "none";
    return cell->reports ? "shown" : cell->differs ? "differs" : "silent";
}

/* ---- Small things -------------------------------------------------------------------------- */

static void put_link(FILE *out, const char *path, const char *words, const char *of)
{
    char *uri = triage_uri(path);
    if (uri)
        emit_xml_format(out, "<a href=\"%s\">%s<span class=\"of\"> of %s</span></a>\n", uri, words,
                        of);
    free(uri);
}

static void put_time(FILE *out, int64_t seconds)
{
    char time[TRIAGE_TIME];
    triage_print_time(seconds, time);
    emit_xml_format(out, "<time>%s</time>", time);
}

static void put_fact(FILE *out, const char *name, const char *value)
{
    emit_xml_format(out, "<div><dt>%s</dt><dd>%s</dd></div>\n", name, value);
}

static void put_made(const struct triage_cluster *cluster, FILE *out)
{
    if (cluster->timeline)
        put_link(out, cluster->timeline, "timeline", cluster->signature);
    if (cluster->minimal)
        put_link(out, cluster->minimal, "minimal.csq", cluster->signature);
    if (cluster->reproducer)
        put_link(out, cluster->reproducer, "reproducer.c", cluster->signature);
    if (!cluster->timeline && !cluster->minimal && !cluster->reproducer)
        fputs(cluster->trouble ? "<span>could not be made</span>" : "<span>not made</span>", out);
}

/* Columns become lines in a narrow window, where browsers forget that it is a table: so its roles
 * are said. The labels stand there, and only there, before what they are of. */
static void put_cell(FILE *out, const char *label)
{
    emit_xml_format(out,
                    "<td role=\"cell\"><span class=\"label\" aria-hidden=\"true\">%s</span>"
                    "<div class=\"value\">",
                    label);
}

static void put_columns(FILE *out, const char *const *names, unsigned count)
{
    fputs("<thead role=\"rowgroup\"><tr role=\"row\">", out);
    for (unsigned i = 0; i < count; i++)
        emit_xml_format(out, "<th scope=\"col\" role=\"columnheader\">%s</th>", names[i]);
    fputs("</tr></thead>\n<tbody role=\"rowgroup\">\n", out);
}

/* ---- The table of causes ------------------------------------------------------------------- */

static void put_cause(const struct triage_cluster *cluster, uint32_t rank, FILE *out)
{
    enum clause clause = triage_clause(cluster->signature);
    char cause[TRIAGE_CAUSE];
    fputs("<tr role=\"row\">", out);
    put_cell(out, "Rank");
    fprintf(out, "%u</div></td>", rank);
    put_cell(out, "Kind");
    emit_xml_format(out, "<span class=\"kind\">%s</span></div></td>",
                    triage_kind_name(cluster->kind));
    put_cell(out, "Signature");
    triage_print_cause(cluster, cause);
    emit_xml_format(out, "<a href=\"#c-%s\"><code>%s</code></a></div></td>", cluster->id, cause);
    put_cell(out, "Clause");
    if (clause != CLAUSES)
        emit_xml_format(out, "%s <span class=\"page\">%s</span>", clause_text(clause)->sentence,
                        clause_text(clause)->page);
    else
        fputs("of no clause", out);
    fputs("</div></td>", out);
    put_cell(out, "Files");
    fprintf(out, "%u</div></td>", cluster->copies);
    put_cell(out, "Made of it");
    fputs("<span class=\"made\">", out);
    put_made(cluster, out);
    fputs("</span></div></td></tr>\n", out);
}

static void put_causes(const struct triage *triage, FILE *out)
{
    static const char *const names[] = {"Rank",   "Kind",  "Signature",
                                        "Clause", "Files", "Made of it"};
    if (triage->cluster_count == 0)
        return;
    fputs("<h2 id=\"causes\">Causes, worst first</h2>\n"
          "<table class=\"causes\" role=\"table\" aria-labelledby=\"causes\">\n",
          out);
    put_columns(out, names, sizeof names / sizeof names[0]);
    for (uint32_t i = 0; i < triage->cluster_count; i++)
        put_cause(&triage->clusters[i], i + 1, out);
    fputs("</tbody>\n</table>\n<p class=\"note\">" TRIAGE_HEURISTIC "</p>\n", out);
}

/* ---- The matrix ---------------------------------------------------------------------------- */

static void put_matrix_row(const struct triage *triage, uint32_t index, FILE *out)
{
    const struct triage_cluster *cluster = &triage->clusters[index];
    char cause[TRIAGE_CAUSE];
    fprintf(out, "<tr><th scope=\"row\"><span class=\"rank\">%u</span> ", index + 1);
    triage_print_cause(cluster, cause);
    emit_xml_format(out, "<a href=\"#c-%s\"><code>%s</code></a></th>", cluster->id, cause);
    for (unsigned b = 0; b < triage->build_count; b++) {
        char words[TRIAGE_CELL];
        triage_print_cell(&cluster->cell[b], words);
        emit_xml_format(out, "<td class=\"%s\">%s</td>", cell_sign(&cluster->cell[b]), words);
    }
    fputs("</tr>\n", out);
}

static void put_matrix(const struct triage *triage, FILE *out)
{
    if (triage->cluster_count == 0)
        return;
    fputs("<h2 id=\"matrix\">Which build shows which</h2>\n<p class=\"note\">12/12: so many of the "
          "cause's inputs show it; silent: the build shows nothing; differs: it shows something "
          "else.</p>\n"
          "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"matrix\">\n"
          "<table class=\"matrix\">\n<thead><tr><th scope=\"col\">Cause</th>",
          out);
    for (unsigned b = 0; b < triage->build_count; b++)
        emit_xml_format(out, "<th scope=\"col\">%s</th>", triage->build_names[b]);
    fputs("</tr></thead>\n<tbody>\n", out);
    for (uint32_t i = 0; i < triage->cluster_count; i++)
        put_matrix_row(triage, i, out);
    fputs("</tbody>\n</table>\n</div>\n", out);
}

/* ---- Inputs -------------------------------------------------------------------------------- */

static void put_input(const struct triage_input *input, FILE *out)
{
    char *uri = triage_uri(input->stored ? input->stored : "");
    fputs("<tr role=\"row\">", out);
    put_cell(out, "File");
    emit_xml_format(out, "<code>%s</code></div></td>", input->path);
    put_cell(out, "Copy");
    if (uri && *uri)
        emit_xml_format(out, "<a href=\"%s\"><code>%s</code></a>", uri, input->stored);
    fputs("</div></td>", out);
    put_cell(out, "From");
    emit_xml_format(out, "%s, %s; %s</div></td>",
                    triage_engine_name((enum triage_engine)input->engine),
                    triage_artefact_name((enum triage_artefact)input->artefact),
                    triage_mode_name((enum triage_mode)input->mode));
    put_cell(out, "Size");
    fprintf(out, "%zu byte%s, %u file%s</div></td>", input->size, triage_plural(input->size),
            input->copies, triage_plural(input->copies));
    put_cell(out, "Seen");
    put_time(out, input->first);
    fputs(" to ", out);
    put_time(out, input->last);
    fputs("</div></td></tr>\n", out);
    free(uri);
}

static void open_inputs(FILE *out, const char *label)
{
    static const char *const names[] = {"File", "Copy", "From", "Size", "First and last seen"};
    emit_xml_format(out, "<table class=\"inputs\" role=\"table\" aria-label=\"%s\">\n", label);
    put_columns(out, names, sizeof names / sizeof names[0]);
}

static void put_members(const struct triage *triage, const struct triage_cluster *cluster,
                        FILE *out)
{
    uint32_t listed = cluster->count < MANY ? cluster->count : MANY;
    fprintf(out, "<details><summary>%u input%s", cluster->count, triage_plural(cluster->count));
    if (cluster->count > listed)
        fprintf(out, ", the %u smallest", listed);
    fputs("</summary>\n", out);
    open_inputs(out, cluster->signature);
    for (uint32_t i = 0; i < listed; i++)
        put_input(&triage->inputs[cluster->inputs[i]], out);
    fputs("</tbody>\n</table>\n</details>\n", out);
}

/* ---- A cluster ----------------------------------------------------------------------------- */

static void put_clause_facts(const struct triage_cluster *cluster, FILE *out)
{
    enum clause clause = triage_clause(cluster->signature);
    if (clause == CLAUSES)
        return;
    const struct clause_text *text = clause_text(clause);
    emit_xml_format(out, "<div><dt>Clause</dt><dd><code>%s</code> %s</dd></div>\n", text->id,
                    text->sentence);
    put_fact(out, "Source", text->page);
}

static void put_count_facts(const struct triage_cluster *cluster, FILE *out)
{
    fprintf(out, "<div><dt>Seen</dt><dd>in %u input%s, %u file%s; from ", cluster->count,
            triage_plural(cluster->count), cluster->copies, triage_plural(cluster->copies));
    put_time(out, cluster->first);
    fputs(" to ", out);
    put_time(out, cluster->last);
    fputs("</dd></div>\n", out);
    if (cluster->unsteady)
        fprintf(out,
                "<div><dt>Unsteady</dt><dd>%u input%s did not show it at each replay</dd></div>\n",
                cluster->unsteady, triage_plural(cluster->unsteady));
}

static void put_facts(const struct triage *triage, const struct triage_cluster *cluster, FILE *out)
{
    char sizes[TRIAGE_SIZES];
    const char *seen = triage_seen(triage, cluster);
    fputs("<dl class=\"facts\">\n", out);
    put_fact(out, "Kind", triage_kind_name(cluster->kind));
    put_clause_facts(cluster, out);
    if (seen[0])
        put_fact(out, "Report", seen);
    put_count_facts(cluster, out);
    for (uint32_t i = 0; i < cluster->also_count; i++)
        emit_xml_format(out, "<div><dt>%s</dt><dd><code>%s</code></dd></div>\n",
                        i ? "... and as" : "Elsewhere as", cluster->also[i]);
    if (cluster->minimal) {
        triage_print_sizes(cluster, sizes);
        put_fact(out, "Minimal", sizes);
    }
    if (cluster->depth[0])
        put_fact(out, "Depth", cluster->depth);
    if (cluster->trouble)
        put_fact(out, "Trouble", cluster->trouble);
    fputs("<div><dt>Made of it</dt><dd class=\"made\">", out);
    put_made(cluster, out);
    fputs("</dd></div>\n</dl>\n", out);
}

static void put_cluster(const struct triage *triage, uint32_t index, FILE *out)
{
    const struct triage_cluster *cluster = &triage->clusters[index];
    char cause[TRIAGE_CAUSE];
    emit_xml_format(out, "<section id=\"c-%s\" aria-labelledby=\"h-%s\">\n", cluster->id,
                    cluster->id);
    fprintf(out, "<h2 class=\"cause\" id=\"h-%s\"><span class=\"rank\">%u</span> ", cluster->id,
            index + 1);
    triage_print_cause(cluster, cause);
    emit_xml_format(out, "<code>%s</code></h2>\n", cause);
    put_facts(triage, cluster, out);
    if (cluster->program)
        emit_xml_format(out,
                        "<pre tabindex=\"0\" role=\"region\" aria-label=\"The minimal program of "
                        "%s\">%s</pre>\n",
                        cluster->signature, cluster->program);
    put_members(triage, cluster, out);
    fputs("</section>\n", out);
}

/* ---- The rest ------------------------------------------------------------------------------ */

static void put_silent(const struct triage *triage, FILE *out)
{
    uint32_t count = triage_silent(triage);
    if (count == 0)
        return;
    fprintf(out,
            "<section>\n<h2>Silent</h2>\n<details><summary>%u input%s showed nothing in any "
            "build</summary>\n",
            count, triage_plural(count));
    open_inputs(out, "Silent inputs");
    for (uint32_t i = 0, listed = 0; i < triage->input_count && listed < MANY; i++)
        if (triage->inputs[i].cluster == TRIAGE_NO_CLUSTER) {
            put_input(&triage->inputs[i], out);
            listed++;
        }
    fputs("</tbody>\n</table>\n</details>\n</section>\n", out);
}

static void put_rejected(const struct triage *triage, FILE *out)
{
    if (triage->rejected_count == 0)
        return;
    fprintf(out,
            "<section>\n<h2>Rejected</h2>\n<details open=\"open\"><summary>%u file%s could not be "
            "taken in</summary>\n<ul class=\"rejected\">\n",
            triage->rejected_count, triage_plural(triage->rejected_count));
    for (uint32_t i = 0; i < triage->rejected_count; i++)
        emit_xml_format(out, "<li><code>%s</code> <span>%s</span></li>\n", triage->rejected[i].path,
                        triage->rejected[i].reason);
    fputs("</ul>\n</details>\n</section>\n", out);
}

static void put_title(const struct triage *triage, FILE *out)
{
    if (triage->cluster_count == 0)
        fputs("No cause found", out);
    else
        fprintf(out, "%u cause%s", triage->cluster_count, triage_plural(triage->cluster_count));
}

static void put_head(const struct triage *triage, FILE *out)
{
    uint64_t files = triage->rejected_count;
    for (uint32_t i = 0; i < triage->input_count; i++)
        files += triage->inputs[i].copies;
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
          "'unsafe-inline'\"/>\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
          "<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>",
          out);
    put_title(triage, out);
    fprintf(out, " (csqfuzz triage)</title>\n<style>\n%s</style>\n</head>\n<body>\n<header>\n",
            triage_page_style);
    fputs("<p class=\"kicker\">csqfuzz triage</p>\n<h1>", out);
    put_title(triage, out);
    fprintf(out, "</h1>\n<p>behind %" PRIu64 " file%s with %u different input%s", files,
            triage_plural(files), triage->input_count, triage_plural(triage->input_count));
    if (triage->build_count > 0)
        fprintf(out, ", each replayed %u time%s in", triage->replays,
                triage_plural(triage->replays));
    for (unsigned b = 0; b < triage->build_count; b++)
        emit_xml_format(out, " <code>%s</code>", triage->build_names[b]);
    fputs("</p>\n</header>\n<main>\n", out);
}

static void print(const struct triage *triage, FILE *out)
{
    put_head(triage, out);
    put_causes(triage, out);
    put_matrix(triage, out);
    for (uint32_t i = 0; i < triage->cluster_count; i++)
        put_cluster(triage, i, out);
    put_silent(triage, out);
    put_rejected(triage, out);
    fputs("</main>\n</body>\n</html>\n", out);
}

bool triage_write_html(const struct triage *triage, FILE *out)
{
    return triage_print_valid(triage, print, MEDIUM_PAGE, out);
}
