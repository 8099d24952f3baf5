/* The two matters in which implementations may differ (AMB). */
#include "stage.h"

#include <string.h>

CASE(amb_1_canceled_before, "canceled before: never inserted, or inserted and removed again",
     CLAUSE_AMB_1)
{
    struct stage_queue *queue = stage_queue(PLAIN);
    PIRP irp = stage_irp();
    IoCancelIrp(irp);
    stage_clear();
    IoCsqInsertIrp(&queue->csq, irp, NULL);
    if (strcmp(stage_callbacks(), by_reading("A I(i0) Rm(i0) L C(i0)", "A L C(i0)")) == 0)
        differs(by_reading("inserts a canceled IRP and removes it again",
                           "does not offer a canceled IRP to the insert callback"));
    expect_callbacks(by_reading("A L C(i0)", "A I(i0) Rm(i0) L C(i0)"));
}

/* An IRP whose CsqInsertIrpEx has answered this is marked and cancelable, or neither. */
static void answer_with(NTSTATUS answer)
{
    struct stage_queue *queue = stage_queue(EX);
    queue->answer = answer;
    PIRP irp = stage_irp();
    expect_equal(IoCsqInsertIrpEx(&queue->csq, irp, NULL, NULL), answer, "the status");
    expect_callbacks("A Ix(i0) L");
    bool armed = irp->CancelRoutine != NULL;
    expect_equal(stage_pending(irp), armed,
                 "whether it is marked pending, as it is cancelable or not,");
    if (armed != (case_profile.success == SUCCESS_NT))
        differs(armed ? "takes every success code for a success"
                      : "takes success codes other than STATUS_SUCCESS for a failure");
}

CASE(amb_6_success_code, "STATUS_PENDING of CsqInsertIrpEx: queued, or refused", CLAUSE_AMB_6)
{
    answer_with(STATUS_PENDING);
}

CASE(amb_6_informational_code, "an informational status of CsqInsertIrpEx: queued, or refused",
     CLAUSE_AMB_6)
{
    answer_with(STATUS_OBJECT_NAME_EXISTS);
}
