/*
 * Files without a name: nobody finds them, and none stays open.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/temp.h"

/* It may be another thread that closes it, soon. */
static bool
is_closed_soon(int fd)
{
	for (int i = 0; i < 10000; i++) {
		if (fcntl(fd, F_GETFD) == -1)
			return errno == EBADF;
		usleep(1000);
	}
	return false;
}

static void
it_has_no_name_and_what_is_closed_goes_however_large(void **state)
{
	static const off_t sizes[] = { 0, 1, 8 << 20, 100 << 20 };

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		int fd = temp_file(temp_folder());
		struct stat st;

		assert_int_not_equal(fd, -1);
		assert_int_equal(fstat(fd, &st), 0);
		assert_int_equal(st.st_nlink, 0);
		assert_int_equal(st.st_mode & 07777, 0600);
		assert_int_equal(ftruncate(fd, sizes[i]), 0);
		temp_close(fd);
		assert_true(is_closed_soon(fd));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    it_has_no_name_and_what_is_closed_goes_however_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
