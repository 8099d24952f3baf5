/* The words of the text form, each list indexed by the value it stands for. */
#include "program.h"

const char *const program_words_irql[] = {"passive", "apc", "dispatch", NULL};
const char *const program_words_answer[] = {"success", "pending", "information",
                                            "warning", "error",   NULL};
const char *const program_words_match[] = {"any", "even", "odd", NULL};
const char *const program_words_fate[] = {"free", "recycle", "hold", NULL};
const char *const program_words_lock[] = {"spin", "queued", "mutex", NULL};
const char *const program_words_store[] = {"fifo", "lifo", "priority", "limited", NULL};
const char *const program_words_place[] = {"top", "insert", "complete", "completion", NULL};
const char *const program_words_strategy[] = {"list", "walk", "pct", "pos", "sweep", NULL};
