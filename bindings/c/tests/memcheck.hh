// Forked children under valgrind's memcheck.
#pragma once

#include <sys/wait.h>

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define VALGRIND_COUNT_ERRORS 0
#define RUNNING_ON_VALGRIND 0
#endif

// The step at which a child ended, from what waitpid() told; 0 for none. Memcheck turns what is lost in a child, its parent's other
// threads' memory, into an exit code of its own, 9: children tell errors that count with another.
inline int step_of(int status) {
  if (!WIFEXITED(status)) return -WTERMSIG(status);
  const int step = WEXITSTATUS(status);
  return step == 9 && RUNNING_ON_VALGRIND ? 0 : step;
}
