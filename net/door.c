/*
 * Who may come in.
 */
#include "net/door.h"

#include <stdlib.h>

#include "formats/arena.h"
#include "keys/secret.h"
#include "keys/users.h"
#include "server/address.h"

#define FRIENDS 256 /* networks that logged in lately */
#define FRIEND_MS (24 * 3600 * (int64_t)1000)
#define EARLY_MS 1000 /* who is no older is not dropped early */
#define ROOMS                                                                  \
	20 /* made in a second, and at once: most of a crowd that              \
	    * comes is refused quickly, or who comes behind it waits */

struct door {
	const struct conf *conf;
	struct {
		struct in6_addr network;
		int64_t until_ms; /* 0: free */
	} friend[FRIENDS];
	int64_t rooms_ms; /* when rooms was reckoned, */
	int64_t rooms;    /* in thousandths of one */
};

/* How many there are, seen by one who comes. */
struct crowd {
	unsigned here, strangers, strangers_here;
};

struct door *
door_new(const struct conf *c)
{
	struct door *d = mem_alloc(sizeof *d);

	d->conf = c;
	d->rooms = ROOMS * 1000;
	return d;
}

void
door_free(struct door *d)
{
	free(d);
}

const char *
door_setting(enum door_rule r)
{
	static const char *const setting[DOOR_RULES] = {
		[DOOR_ALL] = "max_connections",
		[DOOR_HERE] = "max_per_address",
		[DOOR_STRANGERS] = "max_unauthenticated",
		[DOOR_STRANGERS_HERE] = "max_unauth_per_address",
		[DOOR_EARLY] = "early_drop_from",
	};

	return setting[r];
}

void
door_welcome(struct door *d, const struct in6_addr *from, int64_t now_ms)
{
	size_t place = 0;

	for (size_t i = 0; i < FRIENDS; i++) {
		if (d->friend[i].until_ms != 0 &&
		    address_same(&d->friend[i].network, from)) {
			place = i;
			break;
		}
		if (d->friend[i].until_ms < d->friend[place].until_ms)
			place = i;
	}
	d->friend[place].network = *from;
	d->friend[place].until_ms = now_ms + FRIEND_MS;
}

bool
door_spares(const struct door *d, const struct in6_addr *from, int64_t now_ms)
{
	for (size_t i = 0; i < FRIENDS; i++) {
		if (d->friend[i].until_ms > now_ms &&
		    address_same(&d->friend[i].network, from))
			return true;
	}
	return networks_have(d->conf->exempt, from);
}

static bool
could_end(const struct guest *g)
{
	return !g->in && !g->busy && !g->gone;
}

static bool
could_drop(const struct door *d, const struct guest *g, int64_t now_ms)
{
	return could_end(g) && now_ms - g->since_ms > EARLY_MS &&
	       !door_spares(d, &g->from, now_ms);
}

static struct crowd
count(const struct guest *g, size_t n, const struct in6_addr *from)
{
	struct crowd c = { 0, 0, 0 };

	for (size_t i = 0; i < n; i++) {
		bool same = address_same(&g[i].from, from);
		bool stranger = !g[i].in && !g[i].gone;

		c.here += same;
		c.strangers += stranger;
		c.strangers_here += stranger && same;
	}
	return c;
}

/* Who makes room: of those from the same address, or of all that are not
 * spared. */
static size_t
oldest(const struct door *d, const struct guest *g, size_t n,
    const struct in6_addr *here, int64_t now_ms)
{
	size_t found = DOOR_NOBODY;

	for (size_t i = 0; i < n; i++) {
		if (!could_end(&g[i]) ||
		    (found != DOOR_NOBODY &&
			g[i].since_ms >= g[found].since_ms))
			continue;
		if (here != NULL ? address_same(&g[i].from, here)
				 : !door_spares(d, &g[i].from, now_ms))
			found = i;
	}
	return found;
}

/* May one more be ended for another, so soon? */
static bool
take_room(struct door *d, int64_t now_ms)
{
	d->rooms += (now_ms - d->rooms_ms) * ROOMS;
	d->rooms_ms = now_ms;
	if (d->rooms > ROOMS * 1000)
		d->rooms = ROOMS * 1000;
	if (d->rooms < 1000)
		return false;
	d->rooms -= 1000;
	return true;
}

static struct door_says
make_room(struct door *d, enum door_rule rule, size_t ends,
    const struct in6_addr *from, int64_t now_ms)
{
	/* A friend need not wait for others' crowd, but for its own. */
	bool spared = rule == DOOR_STRANGERS && door_spares(d, from, now_ms);
	bool may = ends != DOOR_NOBODY && (spared || take_room(d, now_ms));

	return (struct door_says){ may, rule, may ? ends : DOOR_NOBODY };
}

static bool
throw_dice(unsigned percent)
{
	uint32_t dice;

	if (percent == 0)
		return false;
	secret_random(&dice, sizeof dice);
	return dice % 100 < percent;
}

/* One of those who have been silent for a while, at random. */
static size_t
pick(const struct door *d, const struct guest *g, size_t n, int64_t now_ms)
{
	size_t picked = DOOR_NOBODY;
	uint32_t silent = 0, dice;

	for (size_t i = 0; i < n; i++) {
		if (!could_drop(d, &g[i], now_ms))
			continue;
		secret_random(&dice, sizeof dice);
		if (dice % ++silent == 0)
			picked = i;
	}
	return picked;
}

/* The chance in percent that so many strangers mean for one of them. */
static unsigned
chance(const struct conf *c, unsigned strangers)
{
	unsigned from = c->early_drop_from, full = c->max_unauthenticated;

	if (c->early_drop_percent == 0 || strangers < from || from >= full)
		return 0;
	return c->early_drop_percent + (100 - c->early_drop_percent) *
					   (strangers - from) / (full - from);
}

struct door_says
door_ask(struct door *d, const struct guest *g, size_t n,
    const struct in6_addr *from, int64_t now_ms)
{
	const struct conf *conf = d->conf;
	struct crowd c = count(g, n, from);
	struct door_says says = { true, DOOR_RULES, DOOR_NOBODY };

	if (n >= conf->max_connections)
		return (struct door_says){ false, DOOR_ALL, DOOR_NOBODY };
	if (c.here >= conf->max_per_address)
		return (struct door_says){ false, DOOR_HERE, DOOR_NOBODY };
	if (c.strangers_here >= conf->max_unauth_per_address)
		return make_room(d, DOOR_STRANGERS_HERE,
		    oldest(d, g, n, from, now_ms), from, now_ms);
	if (c.strangers >= conf->max_unauthenticated)
		return make_room(d, DOOR_STRANGERS,
		    oldest(d, g, n, NULL, now_ms), from, now_ms);
	if (throw_dice(chance(conf, c.strangers))) {
		says.ends = pick(d, g, n, now_ms);
		says.rule = says.ends == DOOR_NOBODY ? DOOR_RULES : DOOR_EARLY;
	}
	return says;
}
