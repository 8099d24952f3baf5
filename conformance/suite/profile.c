/* Probes, and what they tell. */
#include "profile.h"

#include "options.h"
#include "wall.h"

#include "conformance/cases/stage.h"

#include <string.h>

/* Our own library is told which reading to follow; somebody else's has no such setting. */
extern BOOLEAN csq_diagram_reading __attribute__((weak));

/* ---- The probes ---------------------------------------------------------------------------- */

/* They are cases that no clause has; what they find goes into `seen`. */
static void tell(const char *word)
{
    snprintf(case_result->seen, sizeof case_result->seen, "%s", word);
}

static void probe_reading(void)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP irp = stage_irp();
    IoCancelIrp(irp);
    stage_clear();
    IoCsqInsertIrp(&queue->csq, irp, NULL);
    if (stage_events(EVENT_INSERT) > 0)
        tell("diagram");
    else if (stage_events(EVENT_COMPLETE) > 0)
        tell("text");
}

/* STATUS_PENDING succeeds, and is not STATUS_SUCCESS. */
static void probe_success(void)
{
    struct stage_queue *queue = stage_queue(EX);
    PIRP irp = stage_irp();
    queue->answer = STATUS_PENDING;
    IoCsqInsertIrpEx(&queue->csq, irp, NULL, NULL);
    if (stage_events(EVENT_INSERT_EX) > 0)
        tell(irp->CancelRoutine != NULL ? "nt_success" : "exact");
}

static const struct conformance_case
    reading_probe = {"probe_reading", "which reading", NULL, 0, true, probe_reading, NULL},
    success_probe = {"probe_success", "which success", NULL, 0, true, probe_success, NULL};

/* ---- Recognising --------------------------------------------------------------------------- */

enum { PROBE_TEXT, PROBE_DIAGRAM, PROBE_SUCCESS, PROBES };

static bool told(const struct suite_run *run, const char *word)
{
    return run->verdict == VERDICT_CONFORMS && strcmp(run->result.seen, word) == 0;
}

static void recognise_reading(struct suite_profile *profile, const struct suite_run *probes)
{
    const struct suite_run *probe = &probes[PROBE_TEXT];
    bool diagram = told(probe, "diagram");
    profile->reading = diagram ? READING_DIAGRAM : READING_TEXT;
    profile->reading_known = diagram || told(probe, "text");
    profile->switchable = &csq_diagram_reading && profile->reading_known && !diagram &&
                          told(&probes[PROBE_DIAGRAM], "diagram");
}

/* Where both are possible and none is demanded, both are judged. */
static void settle_readings(struct suite_profile *profile, const struct suite_options *options)
{
    profile->judged[0] = profile->reading;
    profile->judged_count = 1;
    if (!profile->switchable)
        return;
    if (options->diagram)
        profile->judged[0] = READING_DIAGRAM;
    else if (!options->text)
        profile->judged[profile->judged_count++] = READING_DIAGRAM;
}

void profile_recognise(struct suite_profile *profile, const struct suite_options *options)
{
    static const unsigned order[PROBES] = {PROBE_TEXT, PROBE_DIAGRAM, PROBE_SUCCESS};
    static struct suite_run probes[PROBES] = {
        [PROBE_TEXT] = {.which = &reading_probe, .reading = READING_TEXT},
        [PROBE_DIAGRAM] = {.which = &reading_probe, .reading = READING_DIAGRAM},
        [PROBE_SUCCESS] = {.which = &success_probe, .reading = READING_TEXT},
    };
    struct wall_limits limits = {.jobs = options->jobs, .seconds = options->seconds};
    if (limits.seconds > 2) /* a probe makes one call */
        limits.seconds = 2;
    wall_run(probes, order, PROBES, &limits, SUCCESS_NT);
    recognise_reading(profile, probes);
    bool exact = told(&probes[PROBE_SUCCESS], "exact");
    profile->success = exact ? SUCCESS_EXACT : SUCCESS_NT;
    profile->success_known = exact || told(&probes[PROBE_SUCCESS], "nt_success");
    settle_readings(profile, options);
}

/* ---- In words ------------------------------------------------------------------------------ */

const char *profile_reading_text(const struct suite_profile *profile)
{
    if (profile->switchable)
        return profile->judged_count == 2           ? "text and diagram, as it is told"
               : profile->judged[0] == READING_TEXT ? "text, as it is told"
                                                    : "diagram, as it is told";
    if (!profile->reading_known)
        return "not recognised, judged as text";
    return suite_reading_name(profile->reading);
}

const char *profile_success_text(const struct suite_profile *profile)
{
    return profile->success_known ? suite_success_name(profile->success)
                                  : "not recognised, judged as nt_success";
}

const char *profile_words(const struct suite_profile *profile)
{
    static char words[32];
    bool reading = profile->reading_known && !profile->switchable;
    snprintf(words, sizeof words, "%s%s%s", reading ? suite_reading_name(profile->reading) : "",
             reading && profile->success_known ? "," : "",
             profile->success_known ? suite_success_name(profile->success) : "");
    return words;
}

/* ---- The two clauses ----------------------------------------------------------------------- */

/* A crash or a hang of a case about it stands. */
static void judge(struct suite_clause *clause, const char *way, bool otherwise, const char *demand)
{
    if (clause->verdict >= VERDICT_HUNG)
        return;
    clause->verdict = otherwise ? VERDICT_DEVIATES : VERDICT_CONFORMS;
    if (otherwise)
        snprintf(clause->note, sizeof clause->note, "%s; %s is demanded", way, demand);
    else
        snprintf(clause->note, sizeof clause->note, "%s", way);
}

void profile_judge(struct suite *suite)
{
    const struct suite_profile *profile = &suite->profile;
    const struct suite_options *options = suite->options;
    bool text = profile->switchable || (profile->reading_known && profile->reading == READING_TEXT);
    bool diagram =
        profile->switchable || (profile->reading_known && profile->reading == READING_DIAGRAM);
    bool nt = profile->success_known && profile->success == SUCCESS_NT;
    bool exact = profile->success_known && profile->success == SUCCESS_EXACT;
    judge(&suite->clauses[CLAUSE_AMB_1], profile_reading_text(profile),
          (options->text && !text) || (options->diagram && !diagram),
          options->text ? "text" : "diagram");
    judge(&suite->clauses[CLAUSE_AMB_6], profile_success_text(profile),
          (options->nt_success && !nt) || (options->exact && !exact),
          options->exact ? "exact" : "nt_success");
}
