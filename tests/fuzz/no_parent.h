/*
 * A worker's code inside a fuzzer: no sandbox is entered, and there is no
 * parent to tell.
 */
#ifndef TESTS_FUZZ_NO_PARENT_H
#define TESTS_FUZZ_NO_PARENT_H

#include "server/sandbox.h"
#include "server/worker.h"

int
sandbox_paths(enum sandbox_role r, const struct conf *c, struct err *e)
{
	(void)r;
	(void)c;
	(void)e;
	return 0;
}

int
sandbox_calls(enum sandbox_role r, struct err *e)
{
	(void)r;
	(void)e;
	return 0;
}

void
worker_ready(const struct worker *w)
{
	(void)w;
}

#endif
