#define _GNU_SOURCE /* open_memstream, mkstemps, mkdtemp */
#include "bisect.h"
#include "explore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- git ------------------------------------------------------------------------------------- */

#define MOST_WORDS 32

/* git with nobody's hooks: they are made for the checkout of whoever has them. */
#define GIT "git", "-c", "core.hooksPath=/dev/null", "-c", "advice.detachedHead=false"

static void take_last(void *context, const char *line)
{
    snprintf(context, BISECT_HASH, "%s", line);
}

static void ignore(void *context, const char *line)
{
    (void)context;
    (void)line;
}

/* What a hook, or somebody, has set would lead from the worktree back to the checkout. */
static void forget_checkout(void)
{
    static const char *const names[] = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE",
                                        "GIT_COMMON_DIR", "GIT_PREFIX"};
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        unsetenv(names[i]);
}

bool bisect_tree_has_repository(void)
{
    static const char *const words[] = {GIT, "rev-parse", "--git-dir", NULL};
    forget_checkout();
    int status = bisect_process_read(words, NULL, ignore, NULL);
    if (status != 0 && !explore_signal)
        fprintf(stderr, "csq bisect: %s\n",
                status == 127 ? "git cannot be run" : "there is no git repository here");
    return status == 0;
}

bool bisect_tree_find(const char *revision, char hash[BISECT_HASH])
{
    char commit[BISECT_PATH];
    const char *const words[] = {GIT,    "rev-parse", "--verify", "-q", "--end-of-options",
                                 commit, NULL};
    int length = snprintf(commit, sizeof commit, "%s^{commit}", revision);
    hash[0] = '\0';
    if (length < (int)sizeof commit && bisect_process_read(words, NULL, take_last, hash) == 0)
        return true;
    if (!explore_signal)
        fprintf(stderr, "csq bisect: \"%.100s\" names no commit here\n", revision);
    return false;
}

bool bisect_tree_is_ancestor(const char *older, const char *younger)
{
    const char *const words[] = {GIT, "merge-base", "--is-ancestor", older, younger, NULL};
    return bisect_process_read(words, NULL, ignore, NULL) == 0;
}

/* ---- The worktree ---------------------------------------------------------------------------- */

static bool complain(struct bisect_tree *x, const char *what)
{
    x->told = true;
    if (!explore_signal)
        fprintf(stderr, "csq bisect: %s; see %s\n", what, x->log);
    return false;
}

static bool make_names(struct bisect_tree *x)
{
    const char *given = getenv("TMPDIR");
    char *temporary = realpath(given && given[0] ? given : "/tmp", NULL);
    bool fits = temporary && strlen(temporary) < BISECT_PATH / 2;
    if (fits) {
        snprintf(x->log, sizeof x->log, "%s/csq-bisect-XXXXXX.log", temporary);
        snprintf(x->folder, sizeof x->folder, "%s/csq-bisect-XXXXXX", temporary);
    }
    free(temporary);
    return fits;
}

static bool make_folder(struct bisect_tree *x)
{
    int log = make_names(x) ? mkstemps(x->log, (int)strlen(".log")) : -1;
    if (log >= 0) {
        close(log);
        if (mkdtemp(x->folder))
            return true;
    }
    perror("csq bisect: cannot make a temporary folder");
    x->folder[0] = '\0';
    if (log < 0)
        x->log[0] = '\0';
    return false;
}

bool bisect_tree_open(struct bisect_tree *x, const char *hash)
{
    if (!make_folder(x))
        return false;
    int length = snprintf(x->tree, sizeof x->tree, "%s/tree", x->folder);
    const char *const words[] = {GIT, "worktree", "add", "--detach", "-q", x->tree, hash, NULL};
    return (length < (int)sizeof x->tree && bisect_process_run(words, NULL, x->log) == 0) ||
           complain(x, "git cannot make a worktree");
}

/* Also where a build has changed what git keeps. */
bool bisect_tree_check_out(struct bisect_tree *x, const char *hash)
{
    const char *const words[] = {GIT, "checkout", "-q", "--force", "--detach", hash, NULL};
    return bisect_process_run(words, x->tree, x->log) == 0 ||
           complain(x, "git cannot check out a commit");
}

/* The second --force is for a worktree that git was about to make, and has locked. */
void bisect_tree_close(struct bisect_tree *x)
{
    const char *const words[] = {GIT, "worktree", "remove", "--force", "--force", x->tree, NULL};
    const char *const rest[] = {"rm", "-rf", x->folder, NULL};
    if (x->tree[0])
        bisect_process_run(words, NULL, x->log);
    if (x->folder[0])
        bisect_process_run(rest, NULL, x->log);
    if (x->log[0] && (!x->told || explore_signal))
        unlink(x->log);
}

/* ---- git bisect ------------------------------------------------------------------------------ */

/* What `git bisect log` says of what is left. */
struct left {
    const struct bisect_tree *tree;
    FILE *commits;
    struct bisect_answer *answer;
};

static void print_line(void *context, const char *line)
{
    for (const char *c = line; *c; c++)
        fputc((unsigned char)*c < 0x20 || *c == 0x7f ? '?' : *c, context);
    fputc('\n', context);
}

static void describe(struct left *to, const char *hash)
{
    const char *const words[] = {
        GIT,  "show", "-s", "--no-show-signature", "--date=iso", "--format=%H \"%s\", %ad",
        hash, NULL};
    bisect_process_read(words, to->tree->tree, print_line, to->commits);
    to->answer->count++;
}

static void take_left(void *context, const char *line)
{
    static const char possible[] = "# possible first after commit: [";
    struct left *to = context;
    char hash[BISECT_HASH];
    to->answer->skipped += strncmp(line, "# skip: ", 8) == 0;
    if (strncmp(line, possible, strlen(possible)) != 0)
        return;
    snprintf(hash, sizeof hash, "%.*s", (int)strcspn(line + strlen(possible), "]"),
             line + strlen(possible));
    describe(to, hash);
}

static bool start(const struct bisect_tree *x, const char *before, const char *after)
{
    const char *const words[] = {GIT,   "bisect", "start", "--term-old=before", "--term-new=after",
                                 after, before,   NULL};
    return bisect_process_run(words, x->tree, x->log) == 0;
}

static bool run(const struct bisect_tree *x, const char *const *judge)
{
    const char *words[MOST_WORDS] = {GIT, "bisect", "run"};
    unsigned count = 7;
    while (*judge && count < MOST_WORDS - 1)
        words[count++] = *judge++;
    return bisect_process_run(words, x->tree, x->log) == 0;
}

bool bisect_tree_search(struct bisect_tree *x, const char *before, const char *after,
                        const char *const *judge, struct bisect_answer *answer)
{
    static const char *const log[] = {GIT, "bisect", "log", NULL};
    static const char *const first[] = {GIT, "rev-parse", "refs/bisect/after", NULL};
    size_t size;
    char hash[BISECT_HASH] = "";
    struct left to = {.tree = x, .answer = answer};
    bool found = start(x, before, after) && run(x, judge);
    to.commits = explore_signal ? NULL : open_memstream(&answer->commits, &size);
    if (!to.commits)
        return false;
    bisect_process_read(log, x->tree, take_left, &to);
    if (found && bisect_process_read(first, x->tree, take_last, hash) == 0)
        describe(&to, hash);
    fclose(to.commits);
    return answer->count > 0 || complain(x, "git bisect has given up");
}
