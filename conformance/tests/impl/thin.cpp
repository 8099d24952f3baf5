// A cancel-safe IRP queue in C++: the flow charts' reading, and STATUS_SUCCESS alone for success.
#include <ntifs.h>

namespace
{
class lock
{
  public:
    explicit lock(PIO_CSQ queue) : csq(queue)
    {
        csq->CsqAcquireLock(csq, &irql);
    }
    ~lock()
    {
        csq->CsqReleaseLock(csq, irql);
    }
    lock(const lock &) = delete;

  private:
    PIO_CSQ csq;
    KIRQL irql = PASSIVE_LEVEL;
};

PVOID &key(PIRP irp)
{
    return irp->Tail.Overlay.DriverContext[3];
}

bool has_context(PIRP irp)
{
    return *static_cast<ULONG *>(key(irp)) == IO_TYPE_CSQ_IRP_CONTEXT;
}

PIO_CSQ queue_of(PIRP irp)
{
    return has_context(irp) ? static_cast<PIO_CSQ_IRP_CONTEXT>(key(irp))->Csq
                            : static_cast<PIO_CSQ>(key(irp));
}

void extract(PIO_CSQ csq, PIRP irp)
{
    csq->CsqRemoveIrp(csq, irp);
    if (has_context(irp))
        static_cast<PIO_CSQ_IRP_CONTEXT>(key(irp))->Irp = nullptr;
    key(irp) = nullptr;
}

VOID on_cancel(PDEVICE_OBJECT, PIRP irp)
{
    IoReleaseCancelSpinLock(irp->CancelIrql);
    PIO_CSQ csq = queue_of(irp);
    {
        lock hold(csq);
        extract(csq, irp);
    }
    csq->CsqCompleteCanceledIrp(csq, irp);
}

bool claim(PIRP irp)
{
    return IoSetCancelRoutine(irp, nullptr) != nullptr;
}

NTSTATUS offer(PIO_CSQ csq, PIRP irp, PVOID argument)
{
    if (csq->Type == IO_TYPE_CSQ_EX)
        return reinterpret_cast<PIO_CSQ_INSERT_IRP_EX>(csq->CsqInsertIrp)(csq, irp, argument);
    csq->CsqInsertIrp(csq, irp);
    return STATUS_SUCCESS;
}

// Under the lock; true if the IRP is to be completed as canceled.
bool insert_locked(PIO_CSQ csq, PIRP irp, PIO_CSQ_IRP_CONTEXT context, PVOID argument,
                   NTSTATUS &status)
{
    status = offer(csq, irp, argument);
    if (status != STATUS_SUCCESS)
        return false;
    IoMarkIrpPending(irp);
    key(irp) = csq;
    if (context) {
        context->Irp = irp;
        key(irp) = context;
    }
    IoSetCancelRoutine(irp, on_cancel);
    if (!irp->Cancel || !claim(irp))
        return false;
    extract(csq, irp);
    return true;
}
} // namespace

extern "C" NTSTATUS IoCsqInsertIrpEx(PIO_CSQ csq, PIRP irp, PIO_CSQ_IRP_CONTEXT context,
                                     PVOID argument)
{
    NTSTATUS status;
    bool canceled;
    {
        lock hold(csq);
        if (context) {
            context->Type = IO_TYPE_CSQ_IRP_CONTEXT;
            context->Csq = csq;
            context->Irp = nullptr;
        }
        canceled = insert_locked(csq, irp, context, argument, status);
    }
    if (canceled)
        csq->CsqCompleteCanceledIrp(csq, irp);
    return status;
}

extern "C" VOID IoCsqInsertIrp(PIO_CSQ csq, PIRP irp, PIO_CSQ_IRP_CONTEXT context)
{
    IoCsqInsertIrpEx(csq, irp, context, nullptr);
}

extern "C" PIRP IoCsqRemoveIrp(PIO_CSQ csq, PIO_CSQ_IRP_CONTEXT context)
{
    lock hold(csq);
    PIRP irp = context->Irp;
    if (!irp || !claim(irp))
        return nullptr;
    extract(csq, irp);
    return irp;
}

extern "C" PIRP IoCsqRemoveNextIrp(PIO_CSQ csq, PVOID argument)
{
    lock hold(csq);
    PIRP irp = nullptr;
    while ((irp = csq->CsqPeekNextIrp(csq, irp, argument)))
        if (claim(irp)) {
            extract(csq, irp);
            break;
        }
    return irp;
}

extern "C" NTSTATUS IoCsqInitialize(PIO_CSQ csq, PIO_CSQ_INSERT_IRP insert,
                                    PIO_CSQ_REMOVE_IRP remove, PIO_CSQ_PEEK_NEXT_IRP peek,
                                    PIO_CSQ_ACQUIRE_LOCK acquire, PIO_CSQ_RELEASE_LOCK release,
                                    PIO_CSQ_COMPLETE_CANCELED_IRP complete)
{
    *csq = IO_CSQ{};
    csq->Type = IO_TYPE_CSQ;
    csq->CsqInsertIrp = insert;
    csq->CsqRemoveIrp = remove;
    csq->CsqPeekNextIrp = peek;
    csq->CsqAcquireLock = acquire;
    csq->CsqReleaseLock = release;
    csq->CsqCompleteCanceledIrp = complete;
    return STATUS_SUCCESS;
}

extern "C" NTSTATUS IoCsqInitializeEx(PIO_CSQ csq, PIO_CSQ_INSERT_IRP_EX insert,
                                      PIO_CSQ_REMOVE_IRP remove, PIO_CSQ_PEEK_NEXT_IRP peek,
                                      PIO_CSQ_ACQUIRE_LOCK acquire, PIO_CSQ_RELEASE_LOCK release,
                                      PIO_CSQ_COMPLETE_CANCELED_IRP complete)
{
    IoCsqInitialize(csq, reinterpret_cast<PIO_CSQ_INSERT_IRP>(insert), remove, peek, acquire,
                    release, complete);
    csq->Type = IO_TYPE_CSQ_EX;
    return STATUS_SUCCESS;
}
