/*
 * The names of SSH's lists.
 */
#include "server/negotiated.h"

#include "server/lang.h"

const char *
ssh_list_name(enum ssh_list l)
{
	static const char *const name[SSH_LISTS] = {
		[LIST_KEX] = N_("key exchange"),
		[LIST_HOSTKEY] = N_("host key"),
		[LIST_CIPHER] = "cipher",
		[LIST_MAC] = "MAC",
	};

	return _(name[l]);
}

const char *
ssh_list_key(enum ssh_list l)
{
	static const char *const key[SSH_LISTS] = {
		[LIST_KEX] = "kex",
		[LIST_HOSTKEY] = "hostkey",
		[LIST_CIPHER] = "cipher",
		[LIST_MAC] = "mac",
	};

	return key[l];
}
