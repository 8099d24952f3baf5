/* How the implementation goes where it may go either way: the clauses AMB-1 and AMB-6. */
#ifndef CSQFUZZ_SUITE_PROFILE_H
#define CSQFUZZ_SUITE_PROFILE_H

#include "suite.h"

/* Find out by probing it, behind the wall, and settle in which readings cases run. */
void profile_recognise(struct suite_profile *profile, const struct suite_options *options);

/* The verdict on AMB-1 and AMB-6: which way it goes, and whether that was demanded. */
void profile_judge(struct suite *suite);

/* For reports: "text and diagram, as it is told", "text", "not recognised, judged as text". */
const char *profile_reading_text(const struct suite_profile *profile);
const char *profile_success_text(const struct suite_profile *profile);

/* For scripts, as the fuzzers take it in CSQFUZZ_PROFILE: "text,nt_success"; only what was
 * recognised, and no reading for an implementation that follows both. */
const char *profile_words(const struct suite_profile *profile);

#endif
