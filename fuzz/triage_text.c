/*
 * The report for a terminal: a block a cluster, worst first. Nothing is wider than WIDTH columns,
 * and nothing that came from a file can move the cursor.
 */
#define _GNU_SOURCE /* open_memstream */
#include "triage_report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH  100u
#define INDENT 4u
#define LINES  6u /* of one text: somebody else's words may be long */
#define NAMED  5u /* silent inputs */
#define NAME   92 /* columns of a name: of a longer one the ends are shown */

/* ---- Lines --------------------------------------------------------------------------------- */

/* The bytes of the first `columns` characters of valid UTF-8. */
static size_t bytes_of(const char *text, size_t columns)
{
    size_t length = 0;
    for (; text[length] && columns > 0; columns--)
        do
            length++;
        while ((text[length] & 0xc0) == 0x80);
    return length;
}

/* How much of the text fits: up to its last space within the columns, or all of them. */
static size_t fitting(const char *text, size_t columns)
{
    size_t most = bytes_of(text, columns), length = most;
    if (text[most] == '\0')
        return most;
    while (length > 0 && text[length] != ' ')
        length--;
    return length ? length : most;
}

/* The text in lines of WIDTH, LINES at the most; the first goes on where `column` columns stand
 * already. */
static void put_wrapped(FILE *out, size_t column, const char *text)
{
    char *plain = triage_plain(text);
    unsigned lines = 0;
    for (const char *rest = plain ? plain : ""; *rest; column = INDENT) {
        size_t length = fitting(rest, WIDTH - column);
        if (lines++ == LINES) {
            fputs("...\n", out);
            break;
        }
        fprintf(out, "%.*s\n", (int)length, rest);
        rest += length + strspn(rest + length, " ");
        if (*rest)
            fprintf(out, "%*s", (int)INDENT, "");
    }
    if (!plain || !*plain)
        fputc('\n', out);
    free(plain);
}

static void put_line(FILE *out, const char *text)
{
    fprintf(out, "%*s", (int)INDENT, "");
    put_wrapped(out, INDENT, text);
}

/* "label: text" */
static void put_labelled(FILE *out, const char *label, const char *text)
{
    fprintf(out, "%*s%s: ", (int)INDENT, "", label);
    put_wrapped(out, INDENT + strlen(label) + 2, text);
}

/* A name on one line, if need be without its middle. */
static void put_name(FILE *out, const char *name)
{
    char *plain = triage_plain(name);
    const char *text = plain ? plain : "(no memory)";
    size_t ends = (NAME - 5) / 2, length = strlen(text), tail = length;
    if (bytes_of(text, NAME) == length) {
        fputs(text, out);
    } else {
        for (size_t i = 0; i < ends; i++)
            do
                tail--;
            while ((text[tail] & 0xc0) == 0x80);
        fprintf(out, "%.*s ... %s", (int)bytes_of(text, ends), text, text + tail);
    }
    free(plain);
}

/* ---- A cluster ----------------------------------------------------------------------------- */

static void put_clause(const struct triage_cluster *cluster, FILE *out)
{
    enum clause clause = triage_clause(cluster->signature);
    char line[640];
    if (clause == CLAUSES)
        return;
    const struct clause_text *text = clause_text(clause);
    snprintf(line, sizeof line, "%s (%s)", text->sentence, text->page);
    put_labelled(out, text->id, line);
}

static void put_counts(const struct triage_cluster *cluster, FILE *out)
{
    char line[256], first[TRIAGE_TIME], last[TRIAGE_TIME];
    triage_print_time(cluster->first, first);
    triage_print_time(cluster->last, last);
    snprintf(line, sizeof line, "%u input%s in %u file%s; first seen %s, last %s", cluster->count,
             triage_plural(cluster->count), cluster->copies, triage_plural(cluster->copies), first,
             last);
    put_line(out, line);
    if (cluster->unsteady == 0)
        return;
    snprintf(line, sizeof line, "%u of them did not show it at each replay", cluster->unsteady);
    put_labelled(out, "unsteady", line);
}

/* "asan 12/12  tsan silent": no cell is cut in two. */
static void put_matrix(const struct triage *triage, const struct triage_cluster *cluster, FILE *out)
{
    size_t column = 0;
    for (unsigned b = 0; b < triage->build_count; b++) {
        char words[TRIAGE_CELL];
        char *name = triage_plain(triage->build_names[b]);
        triage_print_cell(&cluster->cell[b], words);
        size_t width = (name ? strlen(name) : 0) + 1 + strlen(words);
        if (column > 0 && column + 2 + width > WIDTH) {
            fputc('\n', out);
            column = 0;
        }
        fprintf(out, "%*s%s %s", column ? 2 : (int)INDENT, "", name ? name : "", words);
        column += width + (column ? 2 : INDENT);
        free(name);
    }
    fputc('\n', out);
}

/* Each by its name in the cluster's folder, since the folder's is said once. */
static void put_made(const struct triage_cluster *cluster, FILE *out)
{
    const char *const made[] = {cluster->minimal, cluster->timeline, cluster->reproducer};
    char line[640] = "";
    size_t at = 0;
    for (unsigned i = 0; i < 3; i++) {
        if (!made[i])
            continue;
        const char *slash = strrchr(made[i], '/'), *name = slash ? slash + 1 : made[i];
        if (at == 0)
            at = (size_t)snprintf(line, sizeof line, "%.*s", (int)(name - made[i]), made[i]);
        at += (size_t)snprintf(line + at, sizeof line - at, "  %.100s", name);
    }
    if (at > 0)
        put_line(out, line);
}

static void put_also(const struct triage_cluster *cluster, FILE *out)
{
    for (uint32_t i = 0; i < cluster->also_count; i++)
        put_labelled(out, i ? "and" : "shows as", cluster->also[i]);
}

static void put_cluster(const struct triage *triage, uint32_t index, FILE *out)
{
    const struct triage_cluster *cluster = &triage->clusters[index];
    char sizes[TRIAGE_SIZES], line[384], cause[TRIAGE_CAUSE];
    const char *kind = triage_kind_name(cluster->kind), *seen = triage_seen(triage, cluster);
    size_t column = (size_t)fprintf(out, "%2u. %-18s ", index + 1, kind);
    triage_print_cause(cluster, cause);
    put_wrapped(out, column, cause);
    put_clause(cluster, out);
    if (seen[0])
        put_labelled(out, "seen", seen);
    put_counts(cluster, out);
    put_matrix(triage, cluster, out);
    put_also(cluster, out);
    if (cluster->minimal) {
        triage_print_sizes(cluster, sizes);
        snprintf(line, sizeof line, "%s; %s", sizes, cluster->depth);
        put_labelled(out, "minimal", cluster->depth[0] ? line : sizes);
    }
    put_made(cluster, out);
    if (cluster->trouble)
        put_labelled(out, "trouble", cluster->trouble);
    fputc('\n', out);
}

/* ---- The rest ------------------------------------------------------------------------------ */

static void print_head(const struct triage *triage, FILE *out)
{
    uint64_t files = triage->rejected_count;
    for (uint32_t i = 0; i < triage->input_count; i++)
        files += triage->inputs[i].copies;
    fprintf(out, "csqfuzz triage: %u cause%s behind %" PRIu64 " file%s (%u input%s",
            triage->cluster_count, triage_plural(triage->cluster_count), files,
            triage_plural(files), triage->input_count, triage_plural(triage->input_count));
    if (triage->build_count > 0)
        fprintf(out, ", each replayed %u time%s in", triage->replays,
                triage_plural(triage->replays));
    for (unsigned b = 0; b < triage->build_count; b++)
        fprintf(out, " %s", triage->build_names[b]);
    fputc(')', out);
}

static void put_head(const struct triage *triage, FILE *out)
{
    char *text = NULL;
    size_t size;
    FILE *memory = open_memstream(&text, &size);
    if (memory) {
        print_head(triage, memory);
        fclose(memory);
    }
    put_wrapped(out, 0, text ? text : "csqfuzz triage");
    free(text);
    fputs("folder: ", out);
    put_name(out, triage->folder);
    fputs("\n\n", out);
}

static void put_silent(const struct triage *triage, FILE *out)
{
    uint32_t count = triage_silent(triage), named = 0;
    if (count == 0)
        return;
    fprintf(out, "%u input%s showed nothing in any build:\n", count, triage_plural(count));
    for (uint32_t i = 0; i < triage->input_count && named < NAMED; i++) {
        if (triage->inputs[i].cluster != TRIAGE_NO_CLUSTER)
            continue;
        fprintf(out, "%*s", (int)INDENT, "");
        put_name(out, triage->inputs[i].path);
        fputc('\n', out);
        named++;
    }
    if (count > named)
        fprintf(out, "%*sand %u more\n", (int)INDENT, "", count - named);
    fputc('\n', out);
}

static void put_rejected(const struct triage *triage, FILE *out)
{
    if (triage->rejected_count == 0)
        return;
    fprintf(out, "%u file%s could not be taken in:\n", triage->rejected_count,
            triage_plural(triage->rejected_count));
    for (uint32_t i = 0; i < triage->rejected_count; i++) {
        fprintf(out, "%*s", (int)INDENT, "");
        put_name(out, triage->rejected[i].path);
        fputc('\n', out);
        put_line(out, triage->rejected[i].reason);
    }
    fputc('\n', out);
}

bool triage_write_text(const struct triage *triage, FILE *out)
{
    put_head(triage, out);
    for (uint32_t i = 0; i < triage->cluster_count; i++)
        put_cluster(triage, i, out);
    put_silent(triage, out);
    put_rejected(triage, out);
    if (triage->cluster_count > 0)
        put_wrapped(out, 0, TRIAGE_HEURISTIC);
    return fflush(out) == 0 && !ferror(out);
}
