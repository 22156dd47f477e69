/*
 * Files for what does not fit in memory.  They hold personal data and never
 * have a name, so nothing of them is left over, whatever happens.
 */
#ifndef STORE_TEMP_H
#define STORE_TEMP_H

const char *temp_folder(void); /* of the command line: $TMPDIR or /tmp */

/* Open for reading and writing, its owner's alone; -1 with errno. */
int temp_file(const char *dir);

/* Closes it, or any other that may have lost its name.  Who waits for a large
 * one to be taken apart waits in a thread of its own. */
void temp_close(int fd);

#endif
