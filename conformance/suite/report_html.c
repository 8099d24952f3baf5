/* Everything, for people: one page that needs nothing else, works without its script, and prints.
 */
#include "report.h"

#include "emit.h"
#include "matrix.h"
#include "options.h"
#include "page.h"
#include "profile.h"

#include <string.h>

static const enum suite_verdict shown_order[] = {
    VERDICT_CRASHED,  VERDICT_HUNG,    VERDICT_DEVIATES,      VERDICT_DIFFERS,
    VERDICT_CONFORMS, VERDICT_NO_CASE, VERDICT_NOT_OBSERVABLE};
#define OPENED 25 /* failing clauses; more of them, open, would bury the page */
#define SHOWN  (sizeof shown_order / sizeof shown_order[0])

static unsigned count_failing(const struct suite *suite)
{
    unsigned count = 0;
    for (unsigned i = VERDICT_DEVIATES; i < SUITE_VERDICTS; i++)
        count += matrix_count(suite, NULL, (enum suite_verdict)i);
    return count;
}

/* ---- The head of the page ------------------------------------------------------------------ */

static void print_conclusion(const struct suite *suite, FILE *out)
{
    unsigned failing = count_failing(suite);
    unsigned tried = CLAUSES - matrix_count(suite, NULL, VERDICT_NOT_OBSERVABLE) -
                     matrix_count(suite, NULL, VERDICT_NO_CASE);
    if (failing)
        fprintf(out,
                "<p class=\"conclusion bad\">It does not conform: "
                "<strong>%u of %u clauses</strong> fail.</p>\n",
                failing, tried);
    else
        fprintf(out,
                "<p class=\"conclusion good\">It conforms, in all "
                "<strong>%u clauses</strong> that can be observed.</p>\n",
                tried);
    emit_xml_format(out,
                    "<p class=\"profile\">Reading of an already canceled IRP: "
                    "<strong>%s</strong>. Success of CsqInsertIrpEx: <strong>%s</strong>.</p>\n",
                    profile_reading_text(&suite->profile), profile_success_text(&suite->profile));
}

/* Links to what fails. */
static void print_failing(const struct suite *suite, FILE *out)
{
    if (count_failing(suite) == 0)
        return;
    fputs("<nav class=\"failing\" aria-label=\"Clauses that fail\">\n", out);
    for (unsigned i = 0; i < CLAUSES; i++)
        if (suite_is_failure(suite->clauses[i].verdict)) {
            const char *id = clause_text((enum clause)i)->id;
            emit_xml_format(out, "<a href=\"#%s\">%s</a>\n", id, id);
        }
    fputs("</nav>\n", out);
}

/* One stripe, as wide as there are clauses of each verdict. */
static void print_stripe(const struct suite *suite, FILE *out)
{
    fputs("<div class=\"stripe\" aria-hidden=\"true\">", out);
    for (unsigned i = 0; i < SHOWN; i++) {
        unsigned count = matrix_count(suite, NULL, shown_order[i]);
        if (count)
            fprintf(out, "<span class=\"%s\" style=\"flex-grow:%u\"></span>",
                    suite_verdict_word(shown_order[i]), count);
    }
    fputs("</div>\n", out);
}

static void print_verdict_filters(const struct suite *suite, FILE *out)
{
    fputs("<fieldset><legend>Verdict</legend>\n", out);
    for (unsigned i = 0; i < SHOWN; i++) {
        unsigned count = matrix_count(suite, NULL, shown_order[i]);
        if (count)
            fprintf(out,
                    "<label class=\"chip %s\"><input type=\"checkbox\" name=\"verdict\" "
                    "value=\"%s\" checked> %s <b>%u</b></label>\n",
                    suite_verdict_word(shown_order[i]), suite_verdict_word(shown_order[i]),
                    suite_verdict_name(shown_order[i]), count);
    }
    fputs("</fieldset>\n", out);
}

static void print_section_filter(FILE *out)
{
    fputs("<label>Section <select id=\"section\"><option value=\"\">all</option>\n", out);
    for (enum clause c = 0; c < CLAUSES; c = matrix_section_end(c)) {
        const char *section = matrix_section(c);
        emit_xml_format(out, "<option value=\"%s\">%s: %s</option>\n", section, section,
                        matrix_section_title(section));
    }
    fputs("</select></label>\n", out);
}

static void print_filters(const struct suite *suite, FILE *out)
{
    fputs("<form id=\"filters\" role=\"search\" hidden>\n", out);
    print_verdict_filters(suite, out);
    fputs("<div class=\"row\">\n", out);
    print_section_filter(out);
    fputs("<label>Search <input id=\"search\" type=\"search\" autocomplete=\"off\" "
          "placeholder=\"words of a clause or a case\"></label>\n"
          "<button type=\"button\" id=\"open\">Open all shown</button>\n"
          "<button type=\"button\" id=\"close\">Close all</button>\n"
          "<output id=\"count\" aria-live=\"polite\"></output>\n</div>\n</form>\n",
          out);
}

/* ---- A clause ------------------------------------------------------------------------------ */

static void print_fact(FILE *out, const char *name, const char *value)
{
    emit_xml_format(out, "<div><dt>%s</dt><dd>%s</dd></div>\n", name, value);
}

/* "TD" in words. */
static void print_grade(FILE *out, const char *grade)
{
    static const struct {
        char letter;
        const char *words;
    } kinds[] = {{'T', "text of a page"},
                 {'D', "flow chart"},
                 {'C', "sample or header"},
                 {'X', "derived"},
                 {'3', "third party"}};
    const char *comma = "";
    fputs("<div><dt>Evidence</dt><dd>", out);
    for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (!strchr(grade, kinds[i].letter))
            continue;
        fprintf(out, "%s%s", comma, kinds[i].words);
        comma = ", ";
    }
    emit_xml_format(out, " (%s)</dd></div>\n", grade);
}

static void print_facts(FILE *out, const struct clause_text *text)
{
    fputs("<dl class=\"facts\">\n", out);
    print_fact(out, "Page", text->page);
    print_grade(out, text->grade);
    print_fact(out, "Basis", clause_basis_name(text->basis));
    print_fact(out, "Severity", clause_severity_name(text->severity));
    if (text->unobserved)
        print_fact(out, "Not observable", text->unobserved);
    fputs("</dl>\n", out);
}

static void print_part(FILE *out, const char *name, const char *text, const char *kind)
{
    emit_xml_format(out, "<div class=\"%s\"><h5>%s</h5><pre>%s</pre></div>\n", kind, name,
                    text[0] ? text : "(nothing)");
}

static void print_failure(FILE *out, const struct suite_run *run)
{
    fputs("<div class=\"sides\">\n", out);
    print_part(out, "Expected", run->result.expected, "side");
    print_part(out, "Seen", run->result.seen, "side seen");
    print_part(out, "Trace", run->result.trace, "side");
    fputs("</div>\n", out);
    if (run->said[0])
        print_part(out, "Said on standard error", run->said, "said");
    if (run->result.place[0])
        emit_xml_format(out, "<p class=\"place\">at %s</p>\n", run->result.place);
}

static void print_run(FILE *out, const struct suite_run *run, const char *readings)
{
    emit_xml_format(out, "<div class=\"run\"><span class=\"verdict %s\">%s</span>",
                    suite_verdict_word(run->verdict), suite_verdict_name(run->verdict));
    emit_xml_format(out, " <span class=\"reading\">%s</span>", readings);
    if (run->result.executions)
        fprintf(out, " <span class=\"reading\">%llu schedule%s</span>",
                (unsigned long long)run->result.executions, run->result.executions > 1 ? "s" : "");
    if (run->result.advice[0])
        emit_xml_format(out, "<p class=\"note\">Advice: %s</p>", run->result.advice);
    if (run->verdict == VERDICT_DIFFERS)
        emit_xml_format(out, "<p class=\"note\">%s</p>", run->result.seen);
    if (suite_is_failure(run->verdict))
        print_failure(out, run);
    fputs("</div>\n", out);
}

/* Both readings at once where they came to the same. */
static void print_runs(const struct suite *suite, FILE *out, unsigned number)
{
    const struct suite_run *runs = suite_runs_of(suite, number);
    if (matrix_alike(suite, number)) {
        print_run(out, runs, "text and diagram");
        return;
    }
    for (unsigned i = 0; i < suite->profile.judged_count; i++)
        print_run(out, &runs[i], suite_reading_name(runs[i].reading));
}

static void print_cases(const struct suite *suite, FILE *out, enum clause clause)
{
    fputs("<ul class=\"cases\">\n", out);
    for (unsigned i = 0; i < suite->case_count; i++) {
        if (matrix_case_on(suite, i, clause) == VERDICT_NO_CASE)
            continue;
        emit_xml_format(out, "<li><code>%s</code> <span>%s</span>\n", suite->cases[i]->name,
                        suite->cases[i]->sentence);
        print_runs(suite, out, i);
        fputs("</li>\n", out);
    }
    fputs("</ul>\n", out);
}

static void print_clause(const struct suite *suite, FILE *out, enum clause clause)
{
    const struct clause_text *text = clause_text(clause);
    const struct suite_clause *entry = &suite->clauses[clause];
    const char *word = suite_verdict_word(entry->verdict);
    bool open = suite_is_failure(entry->verdict) && count_failing(suite) <= OPENED;
    bool expected = suite->expected && suite_is_failure(entry->verdict) && !entry->unexpected;
    emit_xml_format(out, "<details class=\"clause\" id=\"%s\" data-verdict=\"%s\"%s>\n", text->id,
                    word, open ? " open" : "");
    emit_xml_format(out,
                    "<summary><code>%s</code> <span class=\"sentence\">%s</span> "
                    "<span class=\"verdict %s\">%s%s</span></summary>\n",
                    text->id, text->sentence, word, suite_verdict_name(entry->verdict),
                    expected ? ", as expected" : "");
    fputs("<div class=\"body\">\n", out);
    if (entry->note[0] && !text->unobserved)
        emit_xml_format(out, "<p class=\"note\">%s%s</p>\n",
                        entry->verdict == VERDICT_CONFORMS &&
                                text->severity != SEVERITY_PROFILE_ONLY
                            ? "Advice: "
                            : "",
                        entry->note);
    print_facts(out, text);
    print_cases(suite, out, clause);
    fputs("</div>\n</details>\n", out);
}

static void print_section(const struct suite *suite, FILE *out, enum clause from, enum clause end)
{
    char section[24];
    snprintf(section, sizeof section, "%s", matrix_section(from));
    emit_xml_format(out, "<section data-section=\"%s\">\n<h2>%s <small>%s</small></h2>\n", section,
                    matrix_section_title(section), section);
    for (enum clause c = from; c < end; c++)
        print_clause(suite, out, c);
    fputs("</section>\n", out);
}

void report_html(const struct suite *suite, FILE *out)
{
    emit_xml_format(out,
                    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                    "<meta name=\"color-scheme\" content=\"light dark\">\n"
                    "<title>Conformance of %s</title>\n<style>\n",
                    suite->options->implementation);
    fputs(page_style, out);
    emit_xml_format(out,
                    "</style>\n</head>\n<body>\n<header>\n"
                    "<p class=\"kicker\">csqfuzz conformance suite</p>\n<h1>%s</h1>\n",
                    suite->options->implementation);
    print_conclusion(suite, out);
    print_failing(suite, out);
    print_stripe(suite, out);
    print_filters(suite, out);
    fputs("</header>\n<main>\n", out);
    for (enum clause c = 0, end; c < CLAUSES; c = end) {
        end = matrix_section_end(c);
        print_section(suite, out, c, end);
    }
    fprintf(
        out,
        "</main>\n<footer>%u clauses, %u cases, %u runs. In traces: A CsqAcquireLock, "
        "I CsqInsertIrp, Ix CsqInsertIrpEx, Rm CsqRemoveIrp, Pk CsqPeekNextIrp, "
        "L CsqReleaseLock, C CsqCompleteCanceledIrp, cs+ and cs- the cancel spin lock taken and "
        "given back, D the sender's completion routine; i0, i1 are IRPs.</footer>\n<script>\n",
        (unsigned)CLAUSES, suite->case_count, suite->run_count);
    fputs(page_script, out);
    fputs("</script>\n</body>\n</html>\n", out);
}
