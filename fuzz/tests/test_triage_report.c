/*
 * The reports of a triage, of triages that were never made. With a folder as argument it writes
 * them there instead, for triage_report.sh, which holds them against other people's readers.
 */
#define _GNU_SOURCE /* open_memstream */
#include "triage_fixtures.h"

#include "tests/tap.h"

typedef bool writer(const struct triage *triage, FILE *out);

static const struct {
    const char *ending;
    writer *write;
} reports[] = {{"txt", triage_write_text},
               {"json", triage_write_json},
               {"html", triage_write_html},
               {"sarif", triage_write_sarif}};

static const struct {
    const char *name;
    void (*make)(struct fixture *f);
} fixtures[] = {
    {"empty", make_empty}, {"one", make_one}, {"kinds", make_kinds}, {"hostile", make_hostile}};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct fixture fixture;

/* What a report says of the fixture; freed by the caller. */
static char *report(writer *write)
{
    char *said = NULL;
    size_t size;
    FILE *memory = open_memstream(&said, &size);
    if (!memory || !write(&fixture.triage, memory) || fclose(memory) != 0 || strlen(said) != size)
        abort();
    return said;
}

/* ---- Kinds --------------------------------------------------------------------------------- */

static void test_kinds(void)
{
    static const struct {
        const char *signature, *seen;
        enum triage_kind kind;
    } cases[] = {
        {"COMP-8 complete|remove", "Windows would stop here: 0x44", KIND_DOUBLE_COMPLETION},
        {"CSQ-GEN-14 remove|remove-next", "", KIND_DOUBLE_COMPLETION},
        {"BUGCHECK cancel|insert MULTIPLE_IRP_COMPLETE_REQUESTS", "", KIND_DOUBLE_COMPLETION},
        {"CSQ-RNX-6 cancel|remove-next", "the cancellation of irp0 is in progress",
         KIND_DOUBLE_COMPLETION},
        {"CSQ-RNX-6 remove-next", "irp0 is skipped with its Cancel routine set", KIND_LOST_IRP},
        {"CSQ-INS-17 cancel|insert heap-use-after-free write irp.Cancel", "",
         KIND_WRITE_AFTER_FREE},
        {"CSQ-INS-17 cancel|insert heap-use-after-free", "", KIND_WRITE_AFTER_FREE},
        {"CSQ-GEN-14 end double-free read", "", KIND_WRITE_AFTER_FREE},
        {"CSQ-REM-8 remove heap-use-after-free read irp.Cancel", "", KIND_READ_AFTER_FREE},
        {"CSQ-REM-8 remove heap-use-after-free read|write irp.Cancel", "", KIND_WRITE_AFTER_FREE},
        {"CSQ-REM-8 remove SEGV read", "", KIND_CRASH},
        {"CSQ-GEN-14 insert an-invalid-memory-access", "", KIND_CRASH},
        {"CRASH SIGSEGV", "", KIND_CRASH},
        {"BUGCHECK insert", "", KIND_CRASH},
        {"CSQ-INS-7 cancel|insert", "irp0 stays queued", KIND_LOST_IRP},
        {"CSQ-GEN-15 cancel|insert", "", KIND_LOST_IRP},
        {"CSQ-CAN-4 cancel|remove data-race read|write ctx.Irp", "", KIND_RACE},
        {"DEADLOCK insert>remove", "", KIND_DEADLOCK},
        {"LIVELOCK remove-next", "", KIND_DEADLOCK},
        {"TIMEOUT", "", KIND_DEADLOCK},
        {"CSQ-IRQL-5 insert", "", KIND_WRONG_STATE},
        {"REFUSED", "", KIND_WRONG_STATE},
        {"", "", KIND_WRONG_STATE},
        {"LEAK end", "", KIND_LEAK},
    };
    for (unsigned i = 0; i < COUNT(cases); i++) {
        char name[160];
        snprintf(name, sizeof name, "\"%s\" is a %s", cases[i].signature,
                 triage_kind_name(cases[i].kind));
        tap_is(triage_kind_of(cases[i].signature, cases[i].seen), cases[i].kind, name);
    }
}

static bool is_time(int64_t seconds, const char *expected)
{
    char time[TRIAGE_TIME];
    triage_print_time(seconds, time);
    return strcmp(time, expected) == 0;
}

static void test_words(void)
{
    tap_ok(is_time(1763730000, "2025-11-21T13:00:00Z") && is_time(0, "1970-01-01T00:00:00Z") &&
               is_time(-1, "1969-12-31T23:59:59Z"),
           "a time is printed as ISO 8601 has it");
    tap_ok(is_time(INT64_MAX, "unknown") && is_time(INT64_MIN, "unknown"),
           "... and one that no calendar has as unknown");
    tap_is(triage_clause("CSQ-INS-7 cancel|insert"), CLAUSE_CSQ_INS_7, "a signature has a clause");
    tap_is(triage_clause("CRASH SIGSEGV"), CLAUSES, "... or none");
    tap_ok(strcmp(triage_mode_name(MODE_SUBSTRATE), "csq_substrate_fuzzer") == 0 &&
               strcmp(triage_engine_name(FROM_AFL), "AFL++") == 0 &&
               strcmp(triage_artefact_name(ARTEFACT_OOM), "oom") == 0,
           "modes, engines and artefacts have names");
}

static bool has_operations(const char *signature, const char *expected)
{
    const char *place = NULL;
    char word[32], all[256] = "";
    while (triage_next_operation(signature, &place, word))
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s;", triage_routine(word));
    return strcmp(all, expected) == 0;
}

static void test_operations(void)
{
    tap_ok(has_operations("CSQ-CAN-4 cancel|remove data-race read|write ctx.Irp",
                          "IoCancelIrp;IoCsqRemoveIrp;"),
           "the operations of a pair, and nothing of the fault");
    tap_ok(has_operations("DEADLOCK insert>remove-next>drain",
                          "IoCsqInsertIrp;IoCsqRemoveNextIrp;IoCsqRemoveNextIrp;"),
           "... of a cycle");
    tap_ok(has_operations("TIMEOUT", "") && has_operations("CR-2 irp-complete", "irp-complete;"),
           "... none, and one that is no routine of a queue's");
}

/* ---- Steps, places, bytes ------------------------------------------------------------------- */

/* "line:thread:order" of each step. */
static bool has_steps(const char *program, const char *expected)
{
    char all[256] = "";
    uint32_t count;
    struct triage_step *steps = triage_steps(program, &count);
    for (uint32_t i = 0; i < count; i++)
        snprintf(all + strlen(all), sizeof all - strlen(all), "%u:%u:%u%s ", steps[i].line,
                 steps[i].thread, steps[i].order, steps[i].preemption ? "p" : "");
    free(steps);
    if (strcmp(all, expected) != 0)
        printf("# got %s\n", all);
    return strcmp(all, expected) == 0;
}

static void test_steps(void)
{
    tap_ok(has_steps(PROGRAM, "7:0:1 8:0:2p 9:1:3 "), "the steps of a program have their lines");
    tap_ok(has_steps("csq 1\nt0 insert q0 irp0\n\tpreempt swap.after run t1\nt0 drain q0\n"
                     "t1 cancel irp0\n preempt claim.before run t0\nt1 cancel irp0",
                     "2:0:1 3:0:2p 4:0:5 5:1:3 6:1:4p 7:1:6 "),
           "... and the order of an execution with preemptions");
    tap_ok(has_steps("csq 1\nstrategy list first t1\nt0 insert q0 irp0\nt1 cancel irp0\n",
                     "3:0:2 4:1:1 "),
           "... which begins with the thread that the strategy names");
    tap_ok(has_steps("# x\nsubstrate 1\ndevice 0 1 2\n# y\nirp-cancel 0 1\n", "3:0:1 5:0:2 "),
           "a text of the substrate is one thread");
    tap_ok(has_steps("", "") && has_steps("csq 1\n# t0 insert\npreempt x run t0\n", "") &&
               has_steps("t0 x\n preempt run t9\n preempt run t", "1:0:1 2:0:2p 3:0:3p "),
           "texts that nobody has printed do no harm");
}

static bool is_place(const char *root, const char *path, const char *expected)
{
    char *below = triage_below(root, path);
    bool same = expected ? below && strcmp(below, expected) == 0 : !below;
    if (!same)
        printf("# %s in %s: got %s\n", path, root, below ? below : "(elsewhere)");
    free(below);
    return same;
}

static void test_places(void)
{
    tap_ok(is_place("/a/b", "c/d", "c/d") && is_place("/a/b", "./c//d/.", "c/d") &&
               is_place("/a/b", "/a/b/c/", "c") && is_place("/a/b/", "/a/b", "") &&
               is_place("/a/b", "../b/c", "c") && is_place("/", "c", "c") &&
               is_place("/a/b", "/../a/./b/../b/c", "c") && is_place(".", "c", "c"),
           "a folder below the root is relative to it");
    tap_ok(is_place("/a/b", "../c", NULL) && is_place("/a/b", "/a/bc", NULL) &&
               is_place("/a/b", "/a", NULL) && is_place("/a/b", "c/../../d", NULL),
           "... and one elsewhere is not");
}

static bool becomes(char *(*change)(const char *), const char *from, const char *expected)
{
    char *got = change(from);
    bool same = got && strcmp(got, expected) == 0;
    if (!same)
        printf("# got %s\n", got ? got : "(nothing)");
    free(got);
    return same;
}

static void test_bytes(void)
{
    tap_ok(becomes(triage_uri, "a b/\xc3\xa4?#%\"<", "a%20b/%C3%A4%3F%23%25%22%3C"),
           "a path becomes a URI");
    tap_ok(becomes(triage_plain, "\x1b[2J\xc3\xa4\xff\xe2\x80\xae\n\xc2\x9b",
                   "\\x1b[2J\xc3\xa4\\xff\\xe2\\x80\\xae\\x0a\\xc2\\x9b"),
           "nothing that moves the cursor goes to a terminal");
}

/* ---- Reports ------------------------------------------------------------------------------- */

/* As iconv would judge: no use of the code under test. */
static bool is_utf8(const char *c)
{
    for (unsigned more = 0; *c; c++) {
        unsigned char b = (unsigned char)*c;
        if (more > 0 ? (b & 0xc0) != 0x80
                     : (b & 0xc0) == 0x80 || b == 0xc0 || b == 0xc1 || b > 0xf4)
            return false;
        if ((b == 0xed && ((unsigned char)c[1] & 0x20)) || (b == 0xe0 && !(c[1] & 0x20)))
            return false;
        more = more ? more - 1 : b >= 0xf0 ? 3 : b >= 0xe0 ? 2 : b >= 0xc0 ? 1 : 0;
    }
    return true;
}

static bool has_control(const char *c)
{
    for (; *c; c++)
        if (((unsigned char)*c < ' ' && *c != '\n' && *c != '\t') || *c == 0x7f)
            return true;
    return strstr(c, "\xc2\x9b") != NULL;
}

static unsigned widest(const char *c)
{
    unsigned most = 0, width = 0;
    for (; *c; c++) {
        width = *c == '\n' ? 0 : width + ((*c & 0xc0) != 0x80);
        most = width > most ? width : most;
    }
    return most;
}

static void test_report(unsigned report_index, const char *name)
{
    char line[96];
    const char *ending = reports[report_index].ending;
    char *said = report(reports[report_index].write), *again = report(reports[report_index].write);
    snprintf(line, sizeof line, "%s.%s is valid UTF-8 without control characters", name, ending);
    tap_ok(is_utf8(said) && !has_control(said), line);
    snprintf(line, sizeof line, "... and the same each time");
    tap_ok(strcmp(said, again) == 0, line);
    if (strcmp(ending, "txt") == 0 && !tap_ok(widest(said) <= 100, "... and fits 100 columns"))
        printf("# %u columns\n", widest(said));
    if (strcmp(ending, "html") == 0)
        tap_ok(!strstr(said, "<script") && !strstr(said, "<img") && !strstr(said, "</script"),
               "... and has no markup of an input's");
    free(said);
    free(again);
}

static bool says(writer *write, const char *words)
{
    char *said = report(write);
    bool found = strstr(said, words) != NULL;
    free(said);
    return found;
}

static void test_words_of_reports(void)
{
    make_kinds(&fixture);
    tap_ok(
        says(triage_write_text, "    gcc 1/2, 1 differs  asan 2/2  tsan not built\n") &&
            says(triage_write_text, "    gcc differs  asan 3/3") &&
            says(triage_write_text, "minimal: 2 operations, 2 threads, 1 preemption; depth 1:") &&
            says(triage_write_text, "    clusters/cause-0/  minimal.csq  timeline.html  ") &&
            says(triage_write_text, "7 inputs showed nothing in any build") &&
            says(triage_write_text, "    and 2 more\n") && says(triage_write_text, "trouble: csq"),
        "the table has counts, the matrix, what was made, the silent");
    tap_ok(says(triage_write_json, "\"trace_hash\": \"feedfacecafebeef\"") &&
               says(triage_write_json, "\"trace_hash\": null") &&
               says(triage_write_json, "\"minimal\": null"),
           "the JSON has hashes, and null where there is none");
    tap_ok(says(triage_write_sarif, "\"uri\": \"out/triage/clusters/cause-0/minimal.csq\"") &&
               !says(triage_write_sarif, "somebody") && !says(triage_write_sarif, "\"TRIAGE\""),
           "SARIF's paths are relative to the root, which is not told");
    make_hostile(&fixture);
    tap_ok(
        says(triage_write_sarif, "\"uri\": \"file:///home/somebody/else%22where%20%3C%1B%FF%3E/\""),
        "... unless the folder lies elsewhere");
}

static void test_full(void)
{
    FILE *full = fopen("/dev/full", "w");
    for (unsigned r = 0; full && r < COUNT(reports); r++) {
        char name[64];
        snprintf(name, sizeof name, "a full disk is told, %s", reports[r].ending);
        tap_ok(!reports[r].write(&fixture.triage, full), name);
        clearerr(full);
    }
    if (full)
        fclose(full);
}

/* ---- All of it ----------------------------------------------------------------------------- */

static int write_all(const char *folder)
{
    for (unsigned i = 0; i < COUNT(fixtures); i++) {
        fixtures[i].make(&fixture);
        for (unsigned r = 0; r < COUNT(reports); r++) {
            char path[4096];
            snprintf(path, sizeof path, "%s/%s.%s", folder, fixtures[i].name, reports[r].ending);
            FILE *out = fopen(path, "w");
            if (!out || !reports[r].write(&fixture.triage, out) || fclose(out) != 0)
                return 1;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return write_all(argv[1]);
    test_kinds();
    test_words();
    test_operations();
    test_steps();
    test_places();
    test_bytes();
    for (unsigned i = 0; i < COUNT(fixtures); i++) {
        fixtures[i].make(&fixture);
        for (unsigned r = 0; r < COUNT(reports); r++)
            test_report(r, fixtures[i].name);
    }
    test_words_of_reports();
    test_full();
    return tap_end();
}
