#include "clauses.h"

#include <string.h>

static const struct clause_text clauses[CLAUSES] = {
#define CLAUSE(symbol, id, sentence, page) {(id), (sentence), (page)},
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
