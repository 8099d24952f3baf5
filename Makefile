# Builds one lane: one compiler with one set of flags into one folder. build.sh calls it, once a
# lane; nothing here names a sanitizer flag but the one exception below.
#
#   BUILD      where everything goes                        build/default
#   CC CXX CFLAGS CXXFLAGS LDFLAGS                          as everywhere
#   SANITIZER  address undefined thread memory coverage none: which annotations and hooks to link
#   LIB_FUZZING_ENGINE  what a fuzz target is linked with   (none: no fuzz-engine target)
#   IMPL       the implementation of the six routines       src/csq/csq.c
#   MUTANT     a patch of conformance/mutants, without .patch, to build its variant of a target
#   FUZZER     which target that is                         csq_schedule_fuzzer
#   IMPL_OBJECTS IMPL_PROGRAMS IMPL_LINK   objects of somebody else's implementation, the folder for
#              the programs that have them in the place of IMPL, and what links: $(CC) or $(CXX)
BUILD ?= build/default
SANITIZER ?= none
CFLAGS ?= -O2 -g
CXXFLAGS ?= $(CFLAGS)
IMPL ?= src/csq/csq.c
FUZZER ?= csq_schedule_fuzzer
WARNINGS = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes
COMPILE = $(CC) -std=c11 $(WARNINGS) $(PLANTED_INCLUDE) -Iinclude -Isrc -I. $(CFLAGS) -MMD -MP
CONTEXT = -l:libboost_context.a # jump_fcontext and make_fcontext, assembly; nothing else of it

# ---- Which files ------------------------------------------------------------------------------

ORDER = none
STACK = none
HOOKS = signal
ifeq ($(SANITIZER),address)
STACK = asan
HOOKS = asan undefined
endif
ifeq ($(SANITIZER),undefined)
HOOKS = undefined signal
endif
ifeq ($(SANITIZER),thread)
ORDER = tsan
STACK = tsan
HOOKS = tsan signal
FRAMES = fuzz/frames.c
# The one baked flag: these are the scheduler, the simulated kernel and the harness, whose shared
# state is not what ThreadSanitizer is to judge. src/csq, src/io, the interlocked operations and
# the reference driver's callbacks are.
UNSEEN = -fno-sanitize=thread
endif
ifeq ($(SANITIZER),memory)
STACK = msan
endif

ANNOTATE = src/sched/annotate_order_$(ORDER).c src/sched/annotate_stack_$(STACK).c
STRATEGIES = $(wildcard src/sched/strategy_*.c)
FIBER_BODY = src/sched/fiber.c src/sched/fiber_body.c src/sched/fiber_lock.c src/sched/trace.c \
             src/sched/footprint.c src/sched/memory.c src/sched/explore.c src/sched/explore_state.c
HOST_BODY = src/sched/host_body.c src/sched/footprint.c src/sched/memory.c
KE = $(wildcard src/ke/*.c)
IO = $(wildcard src/io/*.c)
CONFORMANCE = $(wildcard conformance/*.c)
FORMAT = $(wildcard fuzz/format_*.c) fuzz/labels.c fuzz/litmus_words.c
EXPLORE = $(wildcard fuzz/explore*.c fuzz/minimize*.c) fuzz/litmus.c fuzz/litmus_parse.c fuzz/outcome.c \
          fuzz/file.c fuzz/argument.c
TIMELINE = $(wildcard fuzz/timeline*.c) conformance/suite/emit.c
EXPORT = $(wildcard fuzz/export*.c)
TRIAGE = $(wildcard fuzz/triage*.c) fuzz/process.c
MUTATE = $(wildcard fuzz/mutate*.c)
TARGET = $(FORMAT) $(MUTATE) fuzz/execute.c fuzz/target.c $(HOOKS:%=fuzz/hooks_%.c) $(FRAMES)
COMMAND = fuzz/csq.c fuzz/substrate_command.c fuzz/symbols.c $(TIMELINE) $(TRIAGE) \
          $(EXPORT) $(wildcard fuzz/promote*.c fuzz/bisect*.c)
SEARCH = fuzz/search.c fuzz/file.c

SEEN = $(IMPL) $(filter-out src/io/registry.c src/io/claim.c,$(IO)) src/ke/interlocked.c \
       conformance/driver.c conformance/store.c

# Coverage steers a fuzzer: it is taken where the contract lives. Left out are the scheduler, the
# kernel, the format and the monitor, whose branches say little about the queue and cost a fuzzer
# time for each; and the tables that compare addresses, where equal executions may differ.
STEERING = $(IMPL) $(filter-out src/io/registry.c src/io/claim.c,$(IO)) \
           conformance/driver.c conformance/store.c conformance/perform.c \
           $(wildcard conformance/substrate*.c) fuzz/bluetooth.c fuzz/bluetooth_racy.c
ifneq ($(findstring fuzzer-no-link,$(CFLAGS)),)
UNCOVERED = -fno-sanitize=fuzzer-no-link
else ifneq ($(findstring -fsanitize-coverage=,$(CFLAGS)),)
UNCOVERED = -fno-sanitize-coverage=trace-pc-guard,trace-cmp
endif

# What an engine asks a target, beside running an input; for AFL++ fuzz/engine_afl_target.c. A
# target with a format of its own has a mutator of its own.
ENGINE ?= fuzz/engine_libfuzzer.c
engine = $(if $(filter csq_substrate_fuzzer,$(1)),$(ENGINE:%_libfuzzer.c=%_libfuzzer_substrate.c),$(ENGINE))

LIBRARY = $(IMPL) $(IO) $(KE) $(CONFORMANCE) $(TARGET)
FIBERS = $(ANNOTATE) $(FIBER_BODY) $(STRATEGIES)
HOST = $(ANNOTATE) $(HOST_BODY) $(STRATEGIES)

# With clang, loads and stores of the implementation can be schedule points (src/sched/memory.c).
# Alone these flags do nothing, so `func` goes with them; but beside an engine's coverage it would
# leave a counter a function of the implementation, where the engine takes one an edge.
ifneq ($(findstring clang,$(CC)),)
MEMORY = -fsanitize-coverage=$(if $(UNCOVERED),,func,)trace-loads,trace-stores
endif

# The flags that one source file is excepted from, or needs.
exceptions = $(if $(filter $(1),$(IMPL)),$(MEMORY)) \
             $(if $(filter $(1),$(SEEN)),,$(UNSEEN)) $(if $(filter $(1),$(STEERING)),,$(UNCOVERED))

# AFL++'s compilers add coverage of their own accord, to everything: AFL_NOOPT tells them not to.
compile = $(if $(filter $(1),$(STEERING)),,AFL_NOOPT=1) $(COMPILE) $(call exceptions,$(1))

objects = $(patsubst %.c,$(BUILD)/%.o,$(1))

FUZZERS = csq_schedule_fuzzer csq_sequential_fuzzer csq_substrate_fuzzer bluetooth_driver_fuzzer
YARDSTICK = fuzz/bluetooth.c fuzz/bluetooth_racy.c

# What a target has of its own: feedback; a program under test, with its bug.
PARTS_csq_schedule_fuzzer = fuzz/feedback.c
PARTS_bluetooth_driver_fuzzer = $(YARDSTICK)
TESTS = $(patsubst src/tests/%.c,%,$(wildcard src/tests/test_*.c)) \
        $(patsubst fuzz/tests/%.c,%,$(wildcard fuzz/tests/test_*.c)) test_misuse

# ---- What to build ----------------------------------------------------------------------------

.PHONY: all fuzzers standalone tests
all: standalone tests $(BUILD)/csq $(BUILD)/conformance_suite $(BUILD)/yardstick \
     $(BUILD)/yardstick_fixed

fuzzers: $(FUZZERS:%=$(BUILD)/%)
standalone: $(FUZZERS:%=$(BUILD)/%_standalone) $(BUILD)/hashes
tests: $(TESTS:%=$(BUILD)/%)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(call compile,$<) -c $< -o $@

# A target with a fuzzing engine; C++ because engines are.
$(FUZZERS:%=$(BUILD)/%): $(BUILD)/%: $(BUILD)/fuzz/%.o $(call objects,$(LIBRARY) $(FIBERS))
	$(CXX) $(CXXFLAGS) $(LDFLAGS) $^ -o $@ $(CONTEXT) $(LIB_FUZZING_ENGINE)

$(BUILD)/%_fuzzer_standalone: $(call objects,fuzz/%_fuzzer.c fuzz/standalone.c $(LIBRARY) $(FIBERS))
	$(CC) $(CFLAGS) $(LDFLAGS) $^ -o $@ $(CONTEXT)

$(foreach target,$(FUZZERS),$(eval $(BUILD)/$(target) $(BUILD)/$(target)_standalone: \
    $(call objects,$(PARTS_$(target)))))
$(foreach target,$(FUZZERS),$(eval $(BUILD)/$(target): $(call objects,$(call engine,$(target)))))

$(BUILD)/yardstick: $(call objects,fuzz/yardstick.c $(YARDSTICK) $(LIBRARY) $(FIBERS))
	$(CC) $(CFLAGS) $(LDFLAGS) $^ -o $@ $(CONTEXT)

$(BUILD)/yardstick_fixed: $(call objects,fuzz/yardstick.c fuzz/bluetooth.c fuzz/bluetooth_fixed.c \
    $(LIBRARY) $(FIBERS))
	$(CC) $(CFLAGS) $(LDFLAGS) $^ -o $@ $(CONTEXT)

$(BUILD)/csq: $(call objects,$(COMMAND) $(EXPLORE) $(LIBRARY) $(FIBERS))
	$(CC) $(CFLAGS) $(LDFLAGS) $^ -o $@ $(CONTEXT)

$(BUILD)/hashes: $(call objects,fuzz/tests/hashes.c fuzz/file.c $(LIBRARY) $(FIBERS))
	$(CC) $(CFLAGS) $(LDFLAGS) $^ -o $@ $(CONTEXT)

$(BUILD)/search: $(call objects,$(SEARCH) $(LIBRARY) $(FIBERS))
	$(CC) $(CFLAGS) $(LDFLAGS) $^ -o $@ $(CONTEXT)

$(BUILD)/bench: $(call objects,fuzz/bench.c $(LIBRARY) $(FIBERS))
	$(CC) $(CFLAGS) $(LDFLAGS) $^ -o $@ $(CONTEXT)

$(BUILD)/bench_explore: $(call objects,fuzz/bench_explore.c fuzz/file.c $(LIBRARY) $(FIBERS))
	$(CC) $(CFLAGS) $(LDFLAGS) $^ -o $@ $(CONTEXT)

$(BUILD)/bench_host: $(call objects,fuzz/bench.c $(LIBRARY) $(HOST))
	$(CC) $(CFLAGS) $(LDFLAGS) $^ -o $@ $(CONTEXT) -pthread

$(BUILD)/test_%: $(BUILD)/src/tests/test_%.o $(call objects,$(IO) $(KE) $(FIBERS))
	$(CC) $(CFLAGS) $(LDFLAGS) $^ -o $@ $(CONTEXT)

$(BUILD)/test_feedback: $(call objects,fuzz/feedback.c)
$(BUILD)/test_triage_report: $(call objects,$(TIMELINE) $(TRIAGE))

$(BUILD)/test_%: $(BUILD)/fuzz/tests/test_%.o $(call objects,$(EXPLORE) $(LIBRARY) $(FIBERS))
	$(CC) $(CFLAGS) $(LDFLAGS) $^ -o $@ $(CONTEXT)

# What afl-fuzz loads (AFL_CUSTOM_MUTATOR_LIBRARY): into a process of its own, so without the
# target's sanitizer and coverage.
AFL_MUTATOR = $(patsubst %.c,$(BUILD)/pic/%.o,fuzz/engine_afl.c fuzz/intake.c $(MUTATE) \
              fuzz/format_bytes.c fuzz/labels.c)

$(BUILD)/pic/%.o: %.c
	@mkdir -p $(@D)
	$(CC) -std=c11 $(WARNINGS) $(filter -W%,$(CFLAGS)) -Iinclude -Isrc -I. -O2 -g -fPIC \
	    -fvisibility=hidden -MMD -MP -c $< -o $@

$(BUILD)/csqfuzz_afl_mutator.so: $(AFL_MUTATOR)
	$(CC) -shared $^ -o $@

$(BUILD)/test_engine_afl: | $(BUILD)/csqfuzz_afl_mutator.so

# The conformance suite: nothing of fuzz/, so that it judges where the format is not to be had.
SUITE = $(wildcard conformance/cases/*.c conformance/suite/*.c)
JUDGED = $(IMPL) $(IO) $(KE) $(CONFORMANCE)
$(BUILD)/conformance_suite: $(call objects,$(SUITE) $(JUDGED) $(FIBERS))
	$(CC) $(CFLAGS) $(LDFLAGS) $^ -o $@ $(CONTEXT)

# What breaks the contract on purpose: without the fuzzers' hooks, which would report it.
$(BUILD)/test_misuse: $(call objects,conformance/tests/test_misuse.c $(JUDGED) $(FIBERS))
	$(CC) $(CFLAGS) $(LDFLAGS) $^ -o $@ $(CONTEXT)

# They take these in as they are.
$(BUILD)/conformance/suite/page.o: conformance/suite/page.css conformance/suite/page.js
$(BUILD)/fuzz/timeline_page.o: fuzz/timeline.css fuzz/timeline_picture.css
$(BUILD)/fuzz/export_text.o: $(wildcard fuzz/export_*.txt)
$(BUILD)/fuzz/triage_page.o: fuzz/triage.css

# ---- Somebody else's implementation -----------------------------------------------------------

ifdef IMPL_OBJECTS
IMPL_LINK ?= $(CC)
foreign = $(call objects,$(filter-out $(IMPL),$(1))) $(IMPL_OBJECTS)

$(IMPL_PROGRAMS)/conformance_suite: $(call foreign,$(SUITE) $(JUDGED) $(FIBERS))
	$(IMPL_LINK) $(CFLAGS) $(LDFLAGS) $^ -o $@ $(CONTEXT)

$(IMPL_PROGRAMS)/csq: $(call foreign,$(COMMAND) $(EXPLORE) $(LIBRARY) $(FIBERS))
	$(IMPL_LINK) $(CFLAGS) $(LDFLAGS) $^ -o $@ $(CONTEXT)

$(FUZZERS:%=$(IMPL_PROGRAMS)/%): $(IMPL_PROGRAMS)/%: $(BUILD)/fuzz/%.o \
    $(call foreign,$(LIBRARY) $(FIBERS))
	$(CXX) $(CXXFLAGS) $(LDFLAGS) $^ -o $@ $(CONTEXT) $(LIB_FUZZING_ENGINE)

$(foreach target,$(FUZZERS),$(eval $(IMPL_PROGRAMS)/$(target): \
    $(call objects,$(PARTS_$(target)) $(call engine,$(target)))))
endif

# ---- Variants with a planted bug --------------------------------------------------------------

ifdef MUTANT
PATCH = conformance/mutants/$(MUTANT).patch
PATCHED := $(shell sed -n 's|^+++ b/\([^ \t]*\).*|\1|p' $(PATCH))
PLANTED = $(BUILD)/mutants/$(MUTANT)

$(PLANTED)/%.c: $(PATCH) %.c
	@mkdir -p $(@D)
	@cp $*.c $@
	patch -s -d $(PLANTED) -p1 -i $(CURDIR)/$(PATCH) -F0 --no-backup-if-mismatch

$(PLANTED)/%.o: $(PLANTED)/%.c
	$(call compile,$*.c) -I$(dir $*) -c $< -o $@

ifeq ($(filter %.h,$(PATCHED)),)
# The planted objects take the place of the sound ones.
planted = $(patsubst %.c,$(PLANTED)/%.o,$(filter $(PATCHED),$(1))) \
          $(call objects,$(filter-out $(PATCHED),$(1)))
else
# A header: a copy of include/ comes first, and every object is built anew.
PLANTED_INCLUDE = -I$(PLANTED)/include
planted = $(patsubst %.c,$(PLANTED)/%.o,$(1))

$(PLANTED)/$(PATCHED): $(PATCH) $(wildcard include/*.h include/wdm/*.h)
	@mkdir -p $(PLANTED)
	@cp -r include $(PLANTED)
	patch -s -d $(PLANTED) -p1 -i $(CURDIR)/$(PATCH) -F0 --no-backup-if-mismatch

$(PLANTED)/%.o: %.c $(PLANTED)/$(PATCHED)
	@mkdir -p $(@D)
	$(call compile,$<) -c $< -o $@
endif
MUTANT_OBJECTS = $(call planted,$(LIBRARY) $(FIBERS))

.PRECIOUS: $(PLANTED)/%.c
.PHONY: mutant mutant_standalone mutant_tests
mutant: $(PLANTED)/$(FUZZER)
mutant_standalone: $(PLANTED)/$(FUZZER)_standalone
mutant_tests: $(patsubst src/tests/%.c,$(PLANTED)/%,$(wildcard src/tests/test_*.c))

$(PLANTED)/test_%: $(call planted,src/tests/test_%.c $(IO) $(KE) $(FIBERS))
	$(CC) $(CFLAGS) $(LDFLAGS) $^ -o $@ $(CONTEXT)

$(PLANTED)/$(FUZZER): $(MUTANT_OBJECTS) $(call planted,fuzz/$(FUZZER).c $(PARTS_$(FUZZER)) \
    $(call engine,$(FUZZER)))
	$(CXX) $(CXXFLAGS) $(LDFLAGS) $^ -o $@ $(CONTEXT) $(LIB_FUZZING_ENGINE)

$(PLANTED)/$(FUZZER)_standalone: $(MUTANT_OBJECTS) \
    $(call planted,fuzz/$(FUZZER).c $(PARTS_$(FUZZER)) fuzz/standalone.c)
	$(CC) $(CFLAGS) $(LDFLAGS) $^ -o $@ $(CONTEXT)

# What the fuzzer's parts are worth: it without its mutator, without its feedback, without both.
$(PLANTED)/$(FUZZER)_feedback: $(MUTANT_OBJECTS) $(call planted,fuzz/$(FUZZER).c fuzz/feedback.c)
	$(CXX) $(CXXFLAGS) $(LDFLAGS) $^ -o $@ $(CONTEXT) $(LIB_FUZZING_ENGINE)

$(PLANTED)/$(FUZZER)_mutator: $(MUTANT_OBJECTS) \
    $(call planted,fuzz/$(FUZZER).c fuzz/feedback_none.c $(ENGINE))
	$(CXX) $(CXXFLAGS) $(LDFLAGS) $^ -o $@ $(CONTEXT) $(LIB_FUZZING_ENGINE)

$(PLANTED)/$(FUZZER)_edges: $(MUTANT_OBJECTS) \
    $(call planted,fuzz/$(FUZZER).c fuzz/feedback_none.c)
	$(CXX) $(CXXFLAGS) $(LDFLAGS) $^ -o $@ $(CONTEXT) $(LIB_FUZZING_ENGINE)

$(PLANTED)/bench_host: $(call planted,$(LIBRARY) $(HOST) fuzz/bench.c)
	$(CC) $(CFLAGS) $(LDFLAGS) $^ -o $@ $(CONTEXT) -pthread

$(PLANTED)/conformance_suite: $(call planted,$(SUITE) $(JUDGED) $(FIBERS))
	$(CC) $(CFLAGS) $(LDFLAGS) $^ -o $@ $(CONTEXT)

$(PLANTED)/search: $(MUTANT_OBJECTS) $(call planted,$(SEARCH))
	$(CC) $(CFLAGS) $(LDFLAGS) $^ -o $@ $(CONTEXT)

$(PLANTED)/csq: $(MUTANT_OBJECTS) $(call planted,$(COMMAND) $(EXPLORE))
	$(CC) $(CFLAGS) $(LDFLAGS) $^ -o $@ $(CONTEXT)
endif

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
