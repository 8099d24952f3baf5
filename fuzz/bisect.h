/*
 * Which commit brought a finding, or did away with it: git bisect over builds of their own, in a
 * worktree of their own, so that nobody's checkout changes.
 *
 *   bisect_command.c  `csq bisect`: both ends, the answer
 *   bisect_tree.c     the worktree, and what git is asked
 *   bisect_judge.c    does a commit show it? Builds and runs; also what `git bisect run` calls
 *   bisect_process.c  other programs, which end with this one
 */
#ifndef CSQFUZZ_BISECT_H
#define CSQFUZZ_BISECT_H

#include "conformance/finding.h"

#include <stdbool.h>
#include <stddef.h>

/* ---- Other programs -------------------------------------------------------------------------- */

/* From now on SIGINT, SIGTERM and SIGHUP end what is running, with all that it has started, and are
 * kept in explore_signal; a second one kills it. */
void bisect_process_guard(void);

/* From now on signals change nothing: for what has to be put away. */
void bisect_process_shield(void);

/* Run a program in `folder` (NULL: here); what it prints is added to the file `log`. Its exit
 * status; 128 and more if a signal ended it, 127 if there is no such program. */
int bisect_process_run(const char *const *words, const char *folder, const char *log);

/* The same, and hand each line of its output, without the newline, to `line`. */
typedef void bisect_line(void *context, const char *text);
int bisect_process_read(const char *const *words, const char *folder, bisect_line *line,
                        void *context);

#define BISECT_PATH    3000 /* room for one of the temporary folder */
#define BISECT_PROGRAM (2 * BISECT_PATH)

/* ---- Judging a commit ------------------------------------------------------------------------ */

/* How commits are built and asked. */
struct bisect_means {
    const char *build;   /* a shell's command, in the tree */
    const char *program; /* what it leaves, seen from there */
    const char *file;    /* the program to run: an absolute path */
    const char *log;     /* takes what builds print */
};

enum bisect_verdict {
    BISECT_JUDGED,  /* *signature is that of its finding, "" without one */
    BISECT_UNBUILT, /* it does not build */
    BISECT_UNKNOWN, /* it does not know the format, or died without naming a finding */
};

/* Build what is checked out in `tree` and run the program there. */
enum bisect_verdict bisect_judge(const struct bisect_means *means, const char *tree,
                                 char signature[FINDING_SIGNATURE]);

/* Where the program that a build leaves is. */
void bisect_find_program(const struct bisect_means *means, const char *tree,
                         char path[BISECT_PROGRAM]);

/* `csq bisect --judge CHANGE SIGNATURE BUILD PROGRAM FILE LOG`, in the tree, for `git bisect run`:
 * 0 if the commit is as those before the change, 1 if as those after it, 125 if nobody can tell. */
int bisect_judge_command(char **argv);

/* Words for what has happened to the signature. */
#define BISECT_BROUGHT "brought"
#define BISECT_FIXED   "fixed"

/* ---- The worktree ---------------------------------------------------------------------------- */

#define BISECT_HASH 65 /* room for one */

struct bisect_tree {
    char folder[BISECT_PATH]; /* where what is left of all this is put away; "" if there is none */
    char tree[BISECT_PATH];
    char log[BISECT_PATH];
    bool told; /* somebody is to read the log */
};

/* Is there a repository here? Says so on stderr if not. */
bool bisect_tree_has_repository(void);

/* The commit that a revision means. False, and a sentence on stderr, if there is none. */
bool bisect_tree_find(const char *revision, char hash[BISECT_HASH]);

bool bisect_tree_is_ancestor(const char *older, const char *younger);

/* A temporary folder, a log beside it, and in the folder a worktree at this commit. False, and a
 * sentence on stderr, if that cannot be. */
bool bisect_tree_open(struct bisect_tree *x, const char *hash);
bool bisect_tree_check_out(struct bisect_tree *x, const char *hash);

/* Everything is put away, the log too unless somebody was told to read it. */
void bisect_tree_close(struct bisect_tree *x);

/* What git bisect has found: the commit, or several one of which it must be. */
struct bisect_answer {
    char *commits; /* a line each: hash, subject, date of its author; the caller frees it */
    unsigned count;
    unsigned skipped;
};

/* Let `judge` (words, NULL at the end) find the first commit after `before`, up to `after`, that is
 * as `after`. False, and a sentence on stderr, if git gives up. */
bool bisect_tree_search(struct bisect_tree *x, const char *before, const char *after,
                        const char *const *judge, struct bisect_answer *answer);

/* ---- The command ----------------------------------------------------------------------------- */

/* `csq bisect ARGUMENTS`; argv[0] is "bisect". */
int bisect_command(int argc, char **argv);

#endif
