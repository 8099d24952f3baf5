#include "clauses.h"

#include <string.h>

#define OBSERVED             NULL
#define NOT_OBSERVED(reason) (reason)

static const struct clause_text clauses[CLAUSES] = {
#define CLAUSE(symbol, id, sentence, page, grade, basis, severity, observed)                       \
    {(id), (sentence), (page), (grade), BASIS_##basis, SEVERITY_##severity, observed},
#include "clauses.def"
#undef CLAUSE
};

const struct clause_text *clause_text(enum clause clause)
{
    return &clauses[clause];
}

enum clause clause_find(const char *id)
{
    for (unsigned i = 0; i < CLAUSES; i++)
        if (strcmp(clauses[i].id, id) == 0)
            return (enum clause)i;
    return CLAUSES;
}

const char *clause_basis_name(enum clause_basis basis)
{
    static const char *const names[] = {
        [BASIS_DOCUMENTED] = "documented", [BASIS_DIAGRAM] = "diagram", [BASIS_DERIVED] = "derived",
        [BASIS_PROFILE] = "profile",       [BASIS_HARNESS] = "harness",
    };
    return names[basis];
}

const char *clause_severity_name(enum clause_severity severity)
{
    static const char *const names[] = {
        [SEVERITY_MUST] = "must",
        [SEVERITY_ADVISORY] = "advisory",
        [SEVERITY_PROFILE_ONLY] = "profile",
    };
    return names[severity];
}
