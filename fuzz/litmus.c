#include "litmus.h"

#include <string.h>

static bool compare(uint64_t count, unsigned comparison, uint64_t value)
{
    switch (comparison) {
    case LITMUS_EQ:
        return count == value;
    case LITMUS_NE:
        return count != value;
    case LITMUS_LE:
        return count <= value;
    case LITMUS_GE:
        return count >= value;
    case LITMUS_LT:
        return count < value;
    default:
        return count > value;
    }
}

static bool is_irp_so(const struct litmus_term *term, const struct outcome_irp *irp)
{
    switch (term->code) {
    case LITMUS_REMOVED:
        return (irp->removed_by & term->value) != 0;
    case LITMUS_CANCELED:
        return (irp->canceled_by & term->value) != 0;
    case LITMUS_QUEUED:
        return irp->queued;
    case LITMUS_HELD:
        return irp->held;
    case LITMUS_FLAGGED:
        return irp->flagged > 0;
    case LITMUS_INSERTS:
        return compare(irp->inserts, term->comparison, term->value);
    case LITMUS_REMOVES:
        return compare(irp->removes, term->comparison, term->value);
    case LITMUS_COMPLETES:
        return compare(irp->completes, term->comparison, term->value);
    default:
        return compare(irp->returns, term->comparison, term->value);
    }
}

static bool holds(const struct litmus_term *term, const struct outcome *outcome)
{
    if (term->code == LITMUS_RETURNED)
        return outcome->results[term->subject] == term->value;
    if (term->code == LITMUS_WAS_SKIPPED)
        return outcome->results[term->subject] == OUTCOME_SKIPPED;
    return is_irp_so(term, &outcome->irps[term->subject]);
}

bool litmus_is_true(const struct litmus_condition *condition, const struct outcome *outcome)
{
    bool stack[LITMUS_TERMS + 1];
    unsigned depth = 0;
    for (unsigned i = 0; i < condition->count; i++) {
        const struct litmus_term *term = &condition->terms[i];
        if (term->code == LITMUS_NOT) {
            stack[depth - 1] = !stack[depth - 1];
        } else if (term->code == LITMUS_AND || term->code == LITMUS_OR) {
            bool right = stack[--depth];
            bool left = stack[depth - 1];
            stack[depth - 1] = term->code == LITMUS_AND ? left && right : left || right;
        } else {
            stack[depth++] = holds(term, outcome);
        }
    }
    return depth > 0 && stack[0];
}
