/*
 * The table of clauses: what reports cite. The list itself is clauses.def.
 */
#ifndef CSQFUZZ_CLAUSES_H
#define CSQFUZZ_CLAUSES_H

enum clause {
#define CLAUSE(symbol, id, sentence, page, grade, basis, severity, observed) CLAUSE_##symbol,
#include "clauses.def"
#undef CLAUSE
    CLAUSES
};

/* What the demand rests on. */
enum clause_basis {
    BASIS_DOCUMENTED, /* the text of a page, a sample or a header */
    BASIS_DIAGRAM,    /* a flow chart and no text */
    BASIS_DERIVED,    /* other clauses force it */
    BASIS_PROFILE,    /* the pages are at odds: the project has settled what is accepted */
    BASIS_HARNESS,    /* our own */
};

/* What becomes of an implementation that deviates. */
enum clause_severity {
    SEVERITY_MUST,         /* it fails */
    SEVERITY_ADVISORY,     /* it is told so, and passes */
    SEVERITY_PROFILE_ONLY, /* nothing: it is reported which way it goes */
};

struct clause_text {
    const char *id;       /* "CSQ-CAN-5" */
    const char *sentence; /* what it demands */
    const char *page;     /* where it is documented */
    const char *grade;    /* kinds of evidence, out of "TDCX3" and in this order */
    enum clause_basis basis;
    enum clause_severity severity;
    const char *unobserved; /* why no harness can observe it; NULL if one can */
};

/* Never NULL for a valid clause. */
const struct clause_text *clause_text(enum clause clause);

/* The clause with this ID, or CLAUSES if there is none. */
enum clause clause_find(const char *id);

/* As reports write them: "documented", "must" and so on. */
const char *clause_basis_name(enum clause_basis basis);
const char *clause_severity_name(enum clause_severity severity);

#endif
