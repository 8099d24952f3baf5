/* The command line of the conformance suite. */
#ifndef CSQFUZZ_SUITE_OPTIONS_H
#define CSQFUZZ_SUITE_OPTIONS_H

#include "suite.h"

enum suite_action {
    ACTION_JUDGE,        /* run the cases and report */
    ACTION_LIST,         /* --list: the cases and their clauses */
    ACTION_CLAUSES,      /* --clauses: every clause and its cases, for people */
    ACTION_TRACEABILITY, /* --traceability: the same as Markdown */
    ACTION_CHECK,        /* --check-traceability: clauses without a case and the reverse, as TAP */
    ACTION_RECOGNISE,    /* --recognise: only the profile */
    ACTION_IN_PROCESS,   /* --in-process: one case without a wall */
};

/* What goes to standard output while judging. */
enum suite_style { STYLE_TEXT, STYLE_TAP, STYLE_DEVIATING, STYLE_NOTHING };

#define SUITE_PREFIXES 64

struct suite_options {
    enum suite_action action;
    enum suite_style style;
    const char *implementation;           /* --name: what reports call it */
    const char *prefixes[SUITE_PREFIXES]; /* --case; none: every case */
    unsigned prefix_count;
    const char *in_process;                /* the case's name */
    const char *junit, *json, *html;       /* report files; "-" is standard output */
    const char *expected, *write_expected; /* files */
    bool text, diagram, nt_success, exact; /* --profile: demanded */
    unsigned jobs;                         /* at a time */
    double seconds;                        /* of processor time, for a run */
    bool shuffle;
    unsigned seed;
};

/* Read the command line; what is wrong with it ends the program with a sentence, --help with the
 * usage. --preemptions goes straight to race_preemptions. */
void options_parse(struct suite_options *options, int argc, char **argv);

/* Is this case selected? */
bool options_select(const struct suite_options *options, const struct conformance_case *which);

#endif
