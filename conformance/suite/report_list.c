/* What the suite consists of, without running it. */
#include "report.h"

#include "conformance/clauses.h"
#include "matrix.h"

#include <string.h>

void report_list(const struct suite *suite, FILE *out)
{
    for (unsigned i = 0; i < suite->case_count; i++) {
        const struct conformance_case *which = suite->cases[i];
        fprintf(out, "%s\t", which->name);
        for (size_t j = 0; j < which->clause_count; j++)
            fprintf(out, "%s%s", j ? " " : "", clause_text(which->clauses[j])->id);
        fputc('\n', out);
    }
}

/* ---- Traceability -------------------------------------------------------------------------- */

/* The names of its cases, `quote` around each; how many? */
static unsigned print_cases(const struct suite *suite, FILE *out, enum clause clause,
                            const char *separator, const char *quote)
{
    unsigned count = 0;
    for (unsigned i = 0; i < suite->case_count; i++)
        if (case_names(suite->cases[i], clause))
            fprintf(out, "%s%s%s%s", count++ ? separator : "", quote, suite->cases[i]->name, quote);
    return count;
}

/* '|' would end the cell. */
static void print_cell(FILE *out, const char *text)
{
    for (; *text; text++)
        fputs(*text == '|' ? "\\|" : (char[]){*text, '\0'}, out);
    fputs(" | ", out);
}

static void print_row(const struct suite *suite, FILE *out, enum clause clause)
{
    const struct clause_text *text = clause_text(clause);
    const char *const cells[] = {text->id,
                                 text->sentence,
                                 text->page,
                                 text->grade,
                                 clause_basis_name(text->basis),
                                 clause_severity_name(text->severity)};
    fputs("| ", out);
    for (unsigned i = 0; i < sizeof cells / sizeof cells[0]; i++)
        print_cell(out, cells[i]);
    if (text->unobserved)
        fprintf(out, "not observable: %s", text->unobserved);
    else if (!print_cases(suite, out, clause, ", ", "`"))
        fputs("**no case**", out);
    fputs(" |\n", out);
}

static void print_table(const struct suite *suite, FILE *out)
{
    for (enum clause c = 0; c < CLAUSES; c = matrix_section_end(c)) {
        const char *section = matrix_section(c);
        fprintf(out, "%s## %s: %s\n\n", c ? "\n" : "", section, matrix_section_title(section));
        fputs("| clause | demand | page | grade | basis | severity | cases |\n"
              "|---|---|---|---|---|---|---|\n",
              out);
        enum clause end = matrix_section_end(c);
        for (enum clause row = c; row < end; row++)
            print_row(suite, out, row);
    }
}

static void print_entry(const struct suite *suite, FILE *out, enum clause clause)
{
    const struct clause_text *text = clause_text(clause);
    fprintf(out, "%s  %s\n    %s; %s (%s); %s\n    ", text->id, text->sentence,
            clause_severity_name(text->severity), clause_basis_name(text->basis), text->grade,
            text->page);
    if (text->unobserved)
        fprintf(out, "not observable: %s", text->unobserved);
    else if (!print_cases(suite, out, clause, "\n    ", ""))
        fputs("no case", out);
    fputc('\n', out);
}

void report_clauses(const struct suite *suite, FILE *out, bool markdown)
{
    if (markdown) {
        fputs("# Clauses and their cases\n\nWritten by `conformance_suite --traceability`.\n\n",
              out);
        print_table(suite, out);
        return;
    }
    for (unsigned i = 0; i < CLAUSES; i++)
        print_entry(suite, out, (enum clause)i);
}

/* ---- The check ----------------------------------------------------------------------------- */

static bool conclude(FILE *out, unsigned number, const char *name, unsigned wrong)
{
    fprintf(out, "%sok %u - %s\n", wrong ? "not " : "", number, name);
    return !wrong;
}

static bool has_case(const struct suite *suite, enum clause clause)
{
    for (unsigned i = 0; i < suite->case_count; i++)
        if (case_names(suite->cases[i], clause))
            return true;
    return false;
}

static unsigned count_lacking(const struct suite *suite, FILE *out)
{
    unsigned count = 0;
    for (unsigned i = 0; i < CLAUSES; i++) {
        const struct clause_text *text = clause_text((enum clause)i);
        if (text->unobserved || has_case(suite, (enum clause)i))
            continue;
        fprintf(out, "# %s has no case: %s\n", text->id, text->sentence);
        count++;
    }
    return count;
}

static unsigned count_unobservable(const struct suite *suite, FILE *out)
{
    unsigned count = 0;
    for (unsigned i = 0; i < suite->case_count; i++) {
        const struct conformance_case *which = suite->cases[i];
        for (size_t j = 0; j < which->clause_count; j++) {
            const struct clause_text *text = clause_text(which->clauses[j]);
            if (!text->unobserved)
                continue;
            fprintf(out, "# %s names %s, which nobody can observe\n", which->name, text->id);
            count++;
        }
    }
    return count;
}

/* "CSQ-INS-8" as the beginning of a C name: "csq_ins_8_". */
static void name_prefix(const char *id, char *prefix, size_t size)
{
    size_t i = 0;
    for (; id[i] && i + 2 < size; i++)
        prefix[i] = id[i] == '-'                   ? '_'
                    : id[i] >= 'A' && id[i] <= 'Z' ? (char)(id[i] - 'A' + 'a')
                                                   : id[i];
    snprintf(prefix + i, size - i, "_");
}

static unsigned count_misnamed(const struct suite *suite, FILE *out)
{
    unsigned count = 0;
    for (unsigned i = 0; i < suite->case_count; i++) {
        const struct conformance_case *which = suite->cases[i];
        char prefix[32];
        name_prefix(clause_text(which->clauses[0])->id, prefix, sizeof prefix);
        bool twice = i > 0 && strcmp(which->name, suite->cases[i - 1]->name) == 0;
        if (strncmp(which->name, prefix, strlen(prefix)) == 0 && !twice)
            continue;
        fprintf(out, "# %s %s\n", which->name, twice ? "stands there twice" : "has another prefix");
        count++;
    }
    return count;
}

bool report_check(const struct suite *suite, FILE *out)
{
    bool well = conclude(out, 1, "every observable clause has a case", count_lacking(suite, out));
    well &= conclude(out, 2, "no case is about a clause that cannot be observed",
                     count_unobservable(suite, out));
    well &= conclude(out, 3, "every case has a name of its own that begins with its first clause",
                     count_misnamed(suite, out));
    fprintf(out, "1..3\n");
    return well;
}
