/*
 * Fields that threads read and write without a common lock: Irp->Cancel and Irp->CancelRoutine
 * (TYP-16, RACE-17).
 *
 * WDM_CONCURRENT(T) is declared like T, has T's size and layout, and is used like a T; yet each
 * read and each assignment is one sequentially consistent atomic access. Sequentially consistent
 * always: "set the routine, then read Cancel" against "write Cancel, then exchange the routine"
 * loses cancellations under anything weaker.
 *
 * In C this is _Atomic. In C++ it is a class of its own, since std::atomic cannot be copied and
 * an IRP can. In neither language is the copy of a whole IRP one atomic step.
 */
#ifndef CSQFUZZ_WDM_ATOMIC_H
#define CSQFUZZ_WDM_ATOMIC_H

#ifdef __cplusplus

extern "C++" {

template <typename T> class WdmConcurrent
{
  public:
    WdmConcurrent() = default;

    WdmConcurrent(T Initial) : Value(Initial) {}

    WdmConcurrent(const WdmConcurrent &Other) : Value(Other) {}

    WdmConcurrent &operator=(const WdmConcurrent &Other)
    {
        *this = static_cast<T>(Other);
        return *this;
    }

    T operator=(T New)
    {
        __atomic_store_n(&Value, New, __ATOMIC_SEQ_CST);
        return New;
    }

    T operator=(T New) volatile
    {
        __atomic_store_n(&Value, New, __ATOMIC_SEQ_CST);
        return New;
    }

    operator T() const volatile
    {
        return __atomic_load_n(&Value, __ATOMIC_SEQ_CST);
    }

  private:
    T Value;
};

#define WDM_CONCURRENT(T) WdmConcurrent<T>

static_assert(sizeof(WDM_CONCURRENT(unsigned char)) == sizeof(unsigned char) &&
                  sizeof(WDM_CONCURRENT(void *)) == sizeof(void *) &&
                  alignof(WDM_CONCURRENT(void *)) == alignof(void *),
              "a concurrent field has the layout of a plain one");
}

#else

#define WDM_CONCURRENT(T) _Atomic(T)

_Static_assert(sizeof(WDM_CONCURRENT(unsigned char)) == sizeof(unsigned char) &&
                   sizeof(WDM_CONCURRENT(void *)) == sizeof(void *) &&
                   _Alignof(WDM_CONCURRENT(void *)) == _Alignof(void *),
               "a concurrent field has the layout of a plain one");

#endif

#endif
