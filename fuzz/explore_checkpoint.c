/* Interrupted and resumed: everything a search has found out so far, in one file. */
#include "execute.h"
#include "explore.h"
#include "file.h"

#include <stdlib.h>
#include <string.h>

#define MAGIC      "csq explore checkpoint 1\n"
#define MAGIC_SIZE (sizeof MAGIC - 1)
#define LARGEST    ((size_t)256 << 20)

/* ---- Bytes --------------------------------------------------------------------------------- */

/* One list of fields for both directions; the first pass of writing only counts. */
struct cursor {
    uint8_t *bytes;
    size_t at, size;
    bool reading, failed;
};

static void transfer(struct cursor *cursor, void *field, size_t size)
{
    if (cursor->bytes && cursor->size - cursor->at < size)
        cursor->failed = true;
    if (cursor->failed)
        return;
    if (cursor->bytes && cursor->reading)
        memcpy(field, cursor->bytes + cursor->at, size);
    else if (cursor->bytes && size)
        memcpy(cursor->bytes + cursor->at, field, size);
    cursor->at += size;
}

static uint64_t hash_bytes(const void *data, size_t size)
{
    uint64_t hash = 0xcbf29ce484222325u;
    const uint8_t *bytes = data;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3u;
    return hash;
}

/* ---- What it is of ------------------------------------------------------------------------- */

/* Equal if and only if it makes sense to go on. */
struct identity {
    uint64_t program;
    uint64_t trace; /* of a run without preemptions: another build may do something else */
    uint64_t search, bound, seeds, memory;
};

static struct identity identify(const struct exploration *x)
{
    uint8_t bytes[PROGRAM_MAX_SIZE];
    const struct explore_options *options = x->options;
    struct identity identity = {.search = options->search, .memory = options->memory};
    identity.program = hash_bytes(bytes, program_encode(&x->program, bytes));
    execute_with(&x->program, NULL);
    identity.trace = sched_trace()->hash;
    if (options->search == SEARCH_BOUNDED)
        identity.bound = options->preemptions;
    if (options->search == SEARCH_SAMPLED) {
        identity.bound = options->strategy;
        identity.seeds = options->seeds;
    }
    return identity;
}

/* What differs, in words; NULL if nothing does. */
static const char *difference(const struct identity *mine, const struct identity *saved)
{
    if (mine->program != saved->program)
        return "another program";
    if (mine->search != saved->search || mine->bound != saved->bound ||
        mine->seeds != saved->seeds || mine->memory != saved->memory)
        return "a search with other options";
    if (mine->trace != saved->trace)
        return "another build of the code under test";
    return NULL;
}

/* ---- The histogram ------------------------------------------------------------------------- */

static void transfer_schedule(struct cursor *cursor, struct explore_schedule *schedule)
{
    transfer(cursor, &schedule->named, sizeof schedule->named);
    transfer(cursor, &schedule->preemptions, sizeof schedule->preemptions);
    transfer(cursor, &schedule->hash, sizeof schedule->hash);
    transfer(cursor, &schedule->first, sizeof schedule->first);
    transfer(cursor, &schedule->count, sizeof schedule->count);
    cursor->failed |= schedule->count > PROGRAM_PREEMPTIONS;
    if (cursor->failed)
        return;
    if (cursor->reading && schedule->count)
        schedule->list = calloc(schedule->count, sizeof schedule->list[0]);
    cursor->failed |= schedule->count && !schedule->list;
    transfer(cursor, schedule->list, schedule->count * sizeof schedule->list[0]);
}

static void transfer_entry(struct cursor *cursor, struct explore_outcome *entry)
{
    transfer(cursor, &entry->outcome, sizeof entry->outcome);
    transfer(cursor, &entry->count, sizeof entry->count);
    transfer_schedule(cursor, &entry->schedule);
}

static void read_entry(struct cursor *cursor, struct exploration *x)
{
    struct explore_outcome entry = {.count = 0};
    transfer_entry(cursor, &entry);
    entry.outcome.violation[sizeof entry.outcome.violation - 1] = '\0';
    if (cursor->failed) {
        free(entry.schedule.list);
        return;
    }
    struct explore_outcome *kept = histogram_get(&x->histogram, x, &entry.outcome);
    free(kept->schedule.list);
    kept->count = entry.count;
    kept->schedule = entry.schedule;
}

static void transfer_histogram(struct cursor *cursor, struct exploration *x)
{
    uint64_t count = x->histogram.count;
    transfer(cursor, &count, sizeof count);
    for (uint64_t i = 0; !cursor->failed && i < count; i++)
        if (cursor->reading)
            read_entry(cursor, x);
        else
            transfer_entry(cursor, &x->histogram.entries[i]);
}

/* ---- The whole ----------------------------------------------------------------------------- */

static void transfer_counts(struct cursor *cursor, struct exploration *x)
{
    uint8_t end = (uint8_t)x->end;
    transfer(cursor, &x->executions, sizeof x->executions);
    transfer(cursor, &x->pruned, sizeof x->pruned);
    transfer(cursor, &x->done, sizeof x->done);
    transfer(cursor, &end, 1);
    cursor->failed |= end > EXPLORE_SIGNAL;
    x->end = (enum explore_end)end;
}

static void write_state(struct cursor *cursor, const struct explore_state *state)
{
    uint64_t size = state->save(NULL, 0);
    transfer(cursor, &size, sizeof size);
    if (cursor->bytes)
        state->save(cursor->bytes + cursor->at, size);
    cursor->at += size;
}

static void read_state(struct cursor *cursor, const struct explore_state *state)
{
    uint64_t size = 0;
    transfer(cursor, &size, sizeof size);
    if (cursor->failed || size > cursor->size - cursor->at ||
        !state->load(cursor->bytes + cursor->at, size))
        cursor->failed = true;
    else
        cursor->at += size;
}

static void write_all(struct cursor *cursor, struct exploration *x, struct identity *identity,
                      const struct explore_state *state)
{
    char magic[] = MAGIC;
    transfer(cursor, magic, MAGIC_SIZE);
    transfer(cursor, identity, sizeof *identity);
    transfer_counts(cursor, x);
    transfer_histogram(cursor, x);
    write_state(cursor, state);
    uint64_t sum = cursor->bytes ? hash_bytes(cursor->bytes, cursor->at) : 0;
    transfer(cursor, &sum, sizeof sum);
}

bool explore_save(const struct exploration *x, const struct explore_state *state)
{
    static struct identity identity; /* of this process's one search: it runs the program once */
    struct exploration copy = *x;
    struct cursor cursor = {0};
    if (!identity.program)
        identity = identify(x);
    write_all(&cursor, &copy, &identity, state);
    cursor = (struct cursor){.bytes = malloc(cursor.at), .size = cursor.at};
    bool written = cursor.bytes != NULL;
    if (written) {
        write_all(&cursor, &copy, &identity, state);
        written = file_write(x->options->checkpoint, cursor.bytes, cursor.at);
    }
    free(cursor.bytes);
    return written;
}

static const char *read_all(struct cursor *cursor, struct exploration *x,
                            const struct explore_state *state)
{
    static const char damaged[] = "not a checkpoint of csq explore, or a damaged one";
    struct identity mine = identify(x), saved;
    char magic[MAGIC_SIZE];
    uint64_t sum;
    if (cursor->size < MAGIC_SIZE + sizeof sum)
        return damaged;
    memcpy(&sum, cursor->bytes + cursor->size - sizeof sum, sizeof sum);
    cursor->size -= sizeof sum;
    transfer(cursor, magic, sizeof magic);
    transfer(cursor, &saved, sizeof saved);
    if (cursor->failed || memcmp(magic, MAGIC, MAGIC_SIZE) != 0 ||
        sum != hash_bytes(cursor->bytes, cursor->size))
        return damaged;
    const char *foreign = difference(&mine, &saved);
    if (foreign)
        return foreign;
    transfer_counts(cursor, x);
    transfer_histogram(cursor, x);
    read_state(cursor, state);
    return cursor->failed || cursor->at != cursor->size ? damaged : NULL;
}

bool explore_load(struct exploration *x, const struct explore_state *state)
{
    const char *path = x->options->checkpoint;
    struct cursor cursor = {.reading = true};
    cursor.bytes = file_read(path, LARGEST, &cursor.size);
    if (!cursor.bytes)
        return false;
    const char *wrong = read_all(&cursor, x, state);
    free(cursor.bytes);
    if (wrong)
        fprintf(stderr, "%s: %s%s\n", path, wrong[0] == 'n' ? "" : "the checkpoint is of ", wrong);
    return !wrong;
}
