/*
 * Paths as clients write them.
 */
#ifndef NET_PATH_H
#define NET_PATH_H

#include <stdbool.h>
#include "formats/slice.h"
#include "net/files.h"

/*
 * A client's path as an absolute one without ".", "..", doubled or final
 * slashes; relative ones begin at from, which is absolute.  ".." stops at "/".
 * False for a NUL byte or when it does not fit.
 */
bool path_absolute(
    char out[FILES_PATH_MAX], const char *from, struct slice path);

#endif
