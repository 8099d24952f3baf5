/*
 * The table of clauses: what reports cite. The list itself is clauses.def.
 */
#ifndef CSQFUZZ_CLAUSES_H
#define CSQFUZZ_CLAUSES_H

enum clause {
#define CLAUSE(symbol, id, sentence, page) CLAUSE_##symbol,
#include "clauses.def"
#undef CLAUSE
    CLAUSES
};

struct clause_text {
    const char *id;       /* "CSQ-CAN-5" */
    const char *sentence; /* what it demands */
    const char *page;     /* where it is documented */
};

/* Never NULL for a valid clause. */
const struct clause_text *clause_text(enum clause clause);

/* The clause with this ID, or CLAUSES if there is none. */
enum clause clause_find(const char *id);

#endif
