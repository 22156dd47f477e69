/*
 * All SQL there is: the schema, and every statement.
 *
 * Which version of a file carries which creation time of an order is not
 * written down order by order, which would rewrite the whole table at every
 * publication.  An order notes instead the last publication there was when it
 * got its creation time (since): every later one, within whose from … to that
 * time lies, carries it.  A creation time that was replaced after it may have
 * been carried goes to table carried.  An order is frozen when a publication
 * that carries it was pulled.
 *
 * Orders lie in blocks of very many (store_blocks.c).  Contacts, calls and
 * chats do too, each kind under a number of its own: table feeds has FEED,
 * FEED/contacts, FEED/calls and FEED/chats.
 *
 * Table steps has the orders that Direct knows and whose status changed since
 * any pull carried it, with the last publication before the change; table
 * missed counts statuses that were replaced by then (store_steps.c).
 *
 * Table queue has the statuses of orders that wait to be shown one after the
 * other, where status_steps is each (store_queue.c).
 *
 * Table rulings has what people decided about single records, an act at a time
 * (store_rulings.c): with the archive and the ledger of dumps, publications and
 * pulls it makes the orders what they are.
 *
 * Table unpacked has the files in the archive that are to be packed, with the
 * version that each is (store_packing.c).
 *
 * Table variants has the ids with zeros that a spreadsheet would take off
 * ("00123", "123.0"), under what is left of them then.
 */
#include "store/store_private.h"

/* A block's feed is no foreign key. */
#define BLOCKS                                                                 \
	"CREATE TABLE blocks ("                                                \
	" row INTEGER PRIMARY KEY, feed INTEGER NOT NULL,"                     \
	" first BLOB NOT NULL," /* its first order's id */                     \
	" n INTEGER NOT NULL,"  /* how many, and the creation times: */        \
	" low_time INTEGER NOT NULL, high_time INTEGER NOT NULL,"              \
	" orders BLOB NOT NULL) STRICT;"                                       \
	"CREATE INDEX blocks_first"                                            \
	" ON blocks (feed, first, low_time, high_time, n);"

#define VARIANTS                                                               \
	"CREATE TABLE variants ("                                              \
	" feed INTEGER NOT NULL, canonical BLOB NOT NULL, id BLOB NOT NULL,"   \
	" PRIMARY KEY (feed, canonical, id)) STRICT, WITHOUT ROWID;"

#define RULINGS                                                                \
	"CREATE TABLE acts ("                                                  \
	" id INTEGER PRIMARY KEY AUTOINCREMENT, feed TEXT NOT NULL,"           \
	" op TEXT NOT NULL, dump INTEGER NOT NULL, at INTEGER NOT NULL,"       \
	" top INTEGER NOT NULL," /* the last publication before it */          \
	" gone INTEGER NOT NULL,"                                              \
	" actor TEXT NOT NULL, reason TEXT NOT NULL) STRICT;"                  \
	"CREATE TABLE rulings ("                                               \
	" act INTEGER NOT NULL, kind INTEGER NOT NULL, id BLOB NOT NULL,"      \
	" what INTEGER NOT NULL, value BLOB NOT NULL,"                         \
	" PRIMARY KEY (act, kind, id, what)) STRICT, WITHOUT ROWID;"           \
	"CREATE INDEX rulings_of ON rulings (id, kind);"                       \
	"CREATE INDEX rulings_sticky ON rulings (id, kind, act)"               \
	" WHERE what <= 1;"

#define ERASURES                                                               \
	"CREATE TABLE erasures ("                                              \
	" id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL,"          \
	" done INTEGER NOT NULL," /* when; 0: it goes on at the next start */  \
	" actor TEXT NOT NULL, reason TEXT NOT NULL,"                          \
	" act TEXT NOT NULL) STRICT;" /* JSON, with no identifier in it */     \
	"CREATE TABLE tombstones ("                                            \
	" kind INTEGER NOT NULL, hash BLOB NOT NULL, brief INTEGER NOT NULL,"  \
	" erasure INTEGER NOT NULL,"                                           \
	" PRIMARY KEY (kind, hash)) STRICT, WITHOUT ROWID;"

#define UNPACKED                                                               \
	"CREATE TABLE unpacked ("                                              \
	" path TEXT NOT NULL PRIMARY KEY,"                                     \
	" publication INTEGER NOT NULL) STRICT, WITHOUT ROWID;" /* 0: none */

#define STEPS                                                                  \
	"CREATE TABLE steps ("                                                 \
	" feed INTEGER NOT NULL, id BLOB NOT NULL, since INTEGER NOT NULL,"    \
	" carried BLOB NOT NULL, PRIMARY KEY (feed, id)) STRICT, WITHOUT "     \
	"ROWID;"                                                               \
	"CREATE TABLE missed ("                                                \
	" feed INTEGER NOT NULL, day INTEGER NOT NULL,"                        \
	" status TEXT NOT NULL, next TEXT NOT NULL, n INTEGER NOT NULL,"       \
	" PRIMARY KEY (feed, day, status, next)) STRICT, WITHOUT ROWID;"       \
	"CREATE TABLE queue ("                                                 \
	" feed INTEGER NOT NULL, id BLOB NOT NULL, seq INTEGER NOT NULL,"      \
	" status BLOB NOT NULL, create_time INTEGER NOT NULL,"                 \
	" since INTEGER NOT NULL, due INTEGER NOT NULL,"                       \
	" PRIMARY KEY (feed, id, seq)) STRICT, WITHOUT ROWID;"                 \
	"CREATE INDEX queue_shown ON queue (feed, due) WHERE due > 0;"

const char store_schema[] =
    "CREATE TABLE feeds ("
    " id INTEGER PRIMARY KEY,"
    " name TEXT NOT NULL UNIQUE) STRICT;"

    "CREATE TABLE dumps ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " feed TEXT NOT NULL, source TEXT NOT NULL, name TEXT NOT NULL,"
    " state INTEGER NOT NULL, at INTEGER NOT NULL, bytes INTEGER NOT NULL,"
    " sha256 TEXT NOT NULL, fingerprint TEXT NOT NULL,"
    " archive TEXT NOT NULL, preset TEXT NOT NULL, encoding TEXT NOT NULL,"
    " reason TEXT NOT NULL, tally TEXT NOT NULL, settings TEXT NOT NULL,"
    " profile TEXT NOT NULL DEFAULT ''" /* JSON: what it was like */
    ") STRICT;"
    "CREATE INDEX dumps_known ON dumps (sha256, feed);"
    "CREATE INDEX dumps_feed ON dumps (feed, id);"

    BLOCKS

    "CREATE TABLE carried ("
    " feed INTEGER NOT NULL REFERENCES feeds, id BLOB NOT NULL,"
    " since INTEGER NOT NULL, until INTEGER NOT NULL,"
    " create_time INTEGER NOT NULL,"
    " PRIMARY KEY (feed, id, since)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE publications ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " feed TEXT NOT NULL, file TEXT NOT NULL, sha256 TEXT NOT NULL,"
    " bytes INTEGER NOT NULL, rows INTEGER NOT NULL,"
    " mtime INTEGER NOT NULL,"
    " from_time INTEGER NOT NULL, to_time INTEGER NOT NULL,"
    " archive TEXT NOT NULL, done INTEGER NOT NULL,"
    " pulls INTEGER NOT NULL, first_pull INTEGER NOT NULL,"
    " reason TEXT NOT NULL,"
    " kinds INTEGER NOT NULL DEFAULT 1," /* whose times it carries, as bits */
    " stood_from INTEGER NOT NULL DEFAULT 0,"
    " stood_to INTEGER NOT NULL DEFAULT 0,"
    " UNIQUE (feed, file, mtime)) STRICT;"
    "CREATE INDEX publications_feed ON publications (feed, id);"
    "CREATE INDEX publications_pulled ON publications (feed, id)"
    " WHERE pulls > 0;"

    "CREATE TABLE withheld ("
    " feed TEXT NOT NULL, file TEXT NOT NULL,"
    " reason TEXT NOT NULL, since INTEGER NOT NULL,"
    " PRIMARY KEY (feed, file)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE pulls ("
    " seq INTEGER PRIMARY KEY AUTOINCREMENT, id INTEGER NOT NULL UNIQUE,"
    " publication INTEGER NOT NULL,"
    " feed TEXT NOT NULL, file TEXT NOT NULL, user TEXT NOT NULL,"
    " protocol TEXT NOT NULL, address TEXT NOT NULL,"
    " begun INTEGER NOT NULL, ended INTEGER NOT NULL,"
    " bytes INTEGER NOT NULL, size INTEGER NOT NULL,"
    " complete INTEGER NOT NULL,"
    " encoded INTEGER NOT NULL DEFAULT 0,"
    " first INTEGER NOT NULL DEFAULT 0,"
    " asked INTEGER NOT NULL DEFAULT 0) STRICT;"
    "CREATE INDEX pulls_feed ON pulls (feed, seq);"
    "CREATE INDEX pulls_running ON pulls (seq) WHERE ended = 0;"

    "CREATE TABLE facts ("
    " key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL"
    ") STRICT, WITHOUT ROWID;"

    STEPS

    "CREATE TABLE events ("
    " seq INTEGER PRIMARY KEY AUTOINCREMENT, feed TEXT NOT NULL,"
    " kind INTEGER NOT NULL, ref INTEGER NOT NULL,"
    " UNIQUE (kind, ref)) STRICT;" VARIANTS RULINGS ERASURES UNPACKED;

/* Ids with the prefix of a source are no numbers to SQL and stay out. */
const char *const store_migration[STORE_SCHEMA] = {
	[1] = "ALTER TABLE publications"
	      " ADD COLUMN kinds INTEGER NOT NULL DEFAULT 1;" VARIANTS
	      "INSERT INTO variants (feed, canonical, id)"
	      " SELECT feed, CAST(iif(rest = '', '0', rest) AS BLOB), id FROM"
	      " (SELECT feed, id, t, ltrim(iif(instr(t, '.') = 0, t,"
	      " substr(t, 1, instr(t, '.') - 1)), '0') AS rest FROM"
	      " (SELECT feed, id, CAST(id AS TEXT) AS t FROM orders)"
	      " WHERE length(t) <= 64 AND t GLOB '[0-9]*'"
	      " AND t NOT GLOB '*[^0-9.]*' AND t NOT GLOB '*.'"
	      " AND (instr(t, '.') = 0"
	      " OR rtrim(substr(t, instr(t, '.') + 1), '0') = ''))"
	      " WHERE t <> iif(rest = '', '0', rest)",
	[2] = "ALTER TABLE pulls"
	      " ADD COLUMN encoded INTEGER NOT NULL DEFAULT 0;"
	      "ALTER TABLE pulls ADD COLUMN first INTEGER NOT NULL DEFAULT 0;"
	      "ALTER TABLE pulls ADD COLUMN asked INTEGER NOT NULL DEFAULT 0;"
	      "ALTER TABLE publications"
	      " ADD COLUMN stood_from INTEGER NOT NULL DEFAULT 0;"
	      "ALTER TABLE publications"
	      " ADD COLUMN stood_to INTEGER NOT NULL DEFAULT 0;"
	      "ALTER TABLE dumps ADD COLUMN profile TEXT NOT NULL DEFAULT "
	      "'';" BLOCKS STEPS RULINGS ERASURES UNPACKED,
};

#define DUMP_COLUMNS                                                           \
	"id, feed, source, name, state, at, bytes, sha256, fingerprint,"       \
	" archive, preset, encoding, reason, tally"
#define PUB_COLUMNS                                                            \
	"id, feed, file, sha256, bytes, rows, mtime, from_time, to_time,"      \
	" archive, done, pulls, first_pull, reason, kinds,"                    \
	" stood_from, stood_to"
#define PULL_COLUMNS                                                           \
	"id, publication, feed, file, user, protocol, address, begun, ended,"  \
	" bytes, size, complete, seq, encoded, first, asked"

/* clang-format off */
const char *const store_sql[SQL_COUNT] = {
[SQL_FEED_GET] = "SELECT id FROM feeds WHERE name = ?",
[SQL_FEED_ADD] = "INSERT INTO feeds (name) VALUES (?)",

[SQL_DUMP_NEXT] =
    "SELECT 1 + ifnull((SELECT seq FROM sqlite_sequence WHERE name = 'dumps'),"
    " 0)",
[SQL_DUMP_ADD] =
    "INSERT INTO dumps (feed, source, name, state, at, bytes, sha256,"
    " fingerprint, archive, preset, encoding, reason, tally, settings, id)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, nullif(?, 0))",
[SQL_DUMP_SET] =
    "UPDATE dumps SET feed = ?, source = ?, name = ?, state = ?, at = ?,"
    " bytes = ?, sha256 = ?, fingerprint = ?, archive = ?, preset = ?,"
    " encoding = ?, reason = ?, tally = ? WHERE id = ?",
[SQL_DUMP_KNOWN] =
    "SELECT " DUMP_COLUMNS " FROM dumps WHERE sha256 = ? AND feed = ?"
    " AND source = ? AND fingerprint = ? AND state = ?"
    " ORDER BY id DESC LIMIT 1",
[SQL_DUMP_GET] = "SELECT " DUMP_COLUMNS ", settings FROM dumps WHERE id = ?",
[SQL_DUMP_LIST] =
    "SELECT " DUMP_COLUMNS " FROM dumps WHERE ?1 IS NULL OR feed = ?1"
    " ORDER BY id DESC LIMIT ?2",
[SQL_DUMP_STATE] =
    "SELECT id FROM dumps WHERE feed = ? AND state = ? ORDER BY id",
[SQL_DUMP_ANY] =
    "SELECT count(*) FROM"
    " (SELECT 1 FROM dumps WHERE feed = ? AND state = ? LIMIT 1)",
[SQL_DUMP_KIND] =
    "SELECT count(*) FROM (SELECT 1 FROM dumps WHERE feed = ? AND state = ?"
    " AND (profile = '' OR json_extract(profile, '$.kind') = ?) LIMIT 1)",
[SQL_DUMP_PRESET] =
    "SELECT count(*) FROM (SELECT 1 FROM dumps WHERE feed = ? AND source = ?"
    " AND state = ? AND preset = ? LIMIT 1)",

[SQL_PROFILE_SET] = "UPDATE dumps SET profile = ? WHERE id = ?",
[SQL_PROFILE_GET] = "SELECT profile FROM dumps WHERE id = ?",
[SQL_PROFILE_BEFORE] =
    "SELECT id, profile FROM dumps WHERE feed = ?1 AND source = ?2"
    " AND state = ?3 AND profile <> ''"
    " AND json_extract(profile, '$.kind') = ?4 AND id < ?5"
    " AND (?6 = '' OR json_extract(profile, '$.member') = ?6)"
    " ORDER BY id DESC LIMIT 1",

[SQL_BLOCK_ANY] = "SELECT 1 FROM blocks WHERE feed = ? LIMIT 1",
[SQL_BLOCK_AT] =
    "SELECT row, first, orders FROM blocks WHERE feed = ? AND first <= ?"
    " ORDER BY first DESC LIMIT 1",
[SQL_BLOCK_FIRST] =
    "SELECT row, first, orders FROM blocks WHERE feed = ?"
    " ORDER BY first LIMIT 1",
[SQL_BLOCK_NEXT] =
    "SELECT first FROM blocks WHERE feed = ? AND first > ?"
    " ORDER BY first LIMIT 1",
[SQL_BLOCK_SET] =
    "INSERT OR REPLACE INTO blocks"
    " (row, feed, first, n, low_time, high_time, orders)"
    " VALUES (nullif(?, 0), ?, ?, ?, ?, ?, ?)",
[SQL_BLOCK_DELETE] = "DELETE FROM blocks WHERE row = ?",
[SQL_BLOCK_SCAN] =
    "SELECT orders FROM blocks"
    " WHERE feed = ?1 AND high_time >= ?2 AND low_time <= ?3 ORDER BY first",
[SQL_BLOCK_ACROSS] =
    "SELECT orders FROM blocks"
    " WHERE feed = ?1 AND high_time >= ?2 AND low_time <= ?3"
    " AND NOT (low_time >= ?2 AND high_time <= ?3)",
[SQL_BLOCK_COUNT] =
    "SELECT ifnull(sum(n), 0) FROM blocks"
    " WHERE feed = ?1 AND low_time >= ?2 AND high_time <= ?3",
[SQL_BLOCK_DUE] =
    "SELECT ifnull(min(low_time), 9223372036854775807) FROM blocks"
    " WHERE feed = ?1 AND low_time >= ?2 AND high_time <= ?3",
/* up to schema 2 */
[SQL_OLD_ORDERS] =
    "SELECT feed, id, create_time, since, dump, line, conv FROM orders"
    " ORDER BY feed, id",
[SQL_OLD_DROP] = "DROP TABLE orders",

[SQL_VARIANT_ANY] = "SELECT 1 FROM variants WHERE feed = ? LIMIT 1",
[SQL_VARIANT_ADD] =
    "INSERT OR IGNORE INTO variants (feed, canonical, id) VALUES (?, ?, ?)",
[SQL_VARIANT_GET] =
    "SELECT id FROM variants WHERE feed = ? AND canonical = ?"
    " ORDER BY id LIMIT 1",

[SQL_PULLED] =
    "SELECT id, from_time, to_time, kinds, first_pull FROM publications"
    " WHERE feed = ? AND pulls > 0 AND kinds & ? <> 0 ORDER BY id",
[SQL_CARRIED_BY] =
    "SELECT id, create_time, since FROM carried"
    " WHERE feed = ?1 AND since < ?2 AND until >= ?2"
    " AND create_time BETWEEN ?3 AND ?4 ORDER BY id, since",
[SQL_CARRIED_FORGET] = "DELETE FROM carried WHERE feed = ? AND id = ?",

[SQL_PUB_TOP] = "SELECT ifnull(max(id), 0) FROM publications",
[SQL_PUB_ADD] =
    "INSERT INTO publications (feed, file, sha256, bytes, rows, mtime,"
    " from_time, to_time, archive, done, pulls, first_pull, reason, kinds)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, ?, ?)",
[SQL_PUB_DONE] =
    "UPDATE publications SET sha256 = ?, bytes = ?, rows = ?, archive = ?,"
    " done = 1, reason = ? WHERE id = ?",
[SQL_PUB_LAST] =
    "SELECT " PUB_COLUMNS " FROM publications"
    " WHERE feed = ? AND file = ? AND done >= ?"
    " ORDER BY mtime DESC LIMIT 1",
[SQL_PUB_AT] =
    "SELECT " PUB_COLUMNS " FROM publications"
    " WHERE feed = ? AND file = ? AND mtime = ?",
[SQL_PUB_THEN] =
    "SELECT " PUB_COLUMNS " FROM publications"
    " WHERE feed = ? AND file = ? AND mtime <= ? AND done = 1"
    " ORDER BY mtime DESC LIMIT 1",
[SQL_PUB_GET] = "SELECT " PUB_COLUMNS " FROM publications WHERE id = ?",
[SQL_PUB_PULLED] =
    "UPDATE publications SET pulls = pulls + 1,"
    " first_pull = iif(pulls = 0, ?, first_pull) WHERE id = ?",

[SQL_PUB_STANDS] =
    "UPDATE publications SET stood_from = ?, stood_to = ? WHERE id = ?",

[SQL_WITHHOLD] =
    "INSERT INTO withheld (feed, file, reason, since) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (feed, file) DO UPDATE SET reason = excluded.reason",
[SQL_WITHHOLD_CLEAR] = "DELETE FROM withheld WHERE feed = ? AND file = ?",
[SQL_WITHHELD] =
    "SELECT reason, since FROM withheld WHERE feed = ? AND file = ?",

[SQL_PULL_ADD] =
    "INSERT OR IGNORE INTO pulls"
    " (id, publication, feed, file, user, protocol, address, begun, ended, bytes, size, complete, encoded, first, asked)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
[SQL_PULL_END] =
    "UPDATE pulls SET ended = ?, bytes = ?, complete = ?"
    " WHERE id = ? AND complete = 0",
[SQL_PULL_AT] =
    "UPDATE pulls SET bytes = ? WHERE id = ? AND ended = 0",
[SQL_PULL_GET] = "SELECT " PULL_COLUMNS " FROM pulls WHERE id = ?",
[SQL_PULL_NUMBERED] =
    "SELECT " PULL_COLUMNS " FROM pulls WHERE seq = ?",
[SQL_PULL_OPEN] =
    "SELECT " PULL_COLUMNS " FROM pulls WHERE ended = 0 ORDER BY seq",
[SQL_PULL_LIST] =
    "SELECT " PULL_COLUMNS " FROM pulls WHERE ?1 IS NULL OR feed = ?1"
    " ORDER BY seq DESC LIMIT ?2",

[SQL_FACT_GET] = "SELECT value FROM facts WHERE key = ?",
[SQL_FACT_SET] =
    "INSERT INTO facts (key, value) VALUES (?, ?)"
    " ON CONFLICT (key) DO UPDATE SET value = excluded.value",

[SQL_EVENT_ADD] =
    "INSERT OR IGNORE INTO events (feed, kind, ref) VALUES (?, ?, ?)",
[SQL_EVENT_AGAIN] =
    "INSERT OR REPLACE INTO events (feed, kind, ref) VALUES (?, ?, ?)",
[SQL_EVENT_NEXT] =
    "INSERT INTO events (feed, kind, ref)"
    " SELECT ?1, ?2, ifnull(max(ref), 0) + 1 FROM events WHERE kind = ?2",
[SQL_HISTORY] =
    "SELECT CASE d.state WHEN ?5 THEN ?6 ELSE e.kind END, e.ref, e.seq"
    " FROM events e LEFT JOIN dumps d ON e.kind = ?2 AND d.id = e.ref"
    " WHERE e.feed = ?1 AND (e.kind <> ?2 OR d.state IN (?3, ?5))"
    " AND e.seq > ?4"
    " ORDER BY e.seq",

[SQL_CARRIED_SCAN] =
    "SELECT id, since, until, create_time FROM carried"
    " WHERE feed = ? ORDER BY id, since",
[SQL_CARRIED_GET] =
    "SELECT since, until, create_time FROM carried"
    " WHERE feed = ? AND id = ? ORDER BY since",
[SQL_CARRIED_PUT] =
    "INSERT OR REPLACE INTO carried (feed, id, since, until, create_time)"
    " VALUES (?, ?, ?, ?, ?)",

[SQL_ACT_ADD] =
    "INSERT INTO acts (feed, op, dump, at, top, gone, actor, reason, id)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, nullif(?, 0))",
[SQL_ACT_GONE_SET] = "UPDATE acts SET gone = ? WHERE id = ?",
[SQL_ACT_GET] =
    "SELECT id, feed, op, dump, at, top, gone, actor, reason FROM acts"
    " WHERE id = ?",
[SQL_ACT_SINCE] =
    "SELECT count(*) FROM"
    " (SELECT 1 FROM acts WHERE feed = ? AND top >= ? LIMIT 1)",
[SQL_ACT_GONE] =
    "SELECT ifnull(sum(gone), 0) FROM acts WHERE feed = ? AND top >= ?",
[SQL_RULING_ADD] =
    "INSERT OR REPLACE INTO rulings (act, kind, id, what, value)"
    " VALUES (?, ?, ?, ?, ?)",
[SQL_RULING_ACT] =
    "SELECT kind, id, what, value FROM rulings WHERE act = ?"
    " ORDER BY kind, id, what",
[SQL_RULING_OF] =
    "SELECT r.act, r.kind, r.id, r.what, r.value"
    " FROM rulings r JOIN acts a ON a.id = r.act"
    " WHERE r.id = ?1 AND r.kind = ?2 AND a.feed = ?3"
    " ORDER BY r.act, r.what",
[SQL_RULING_STICKY] =
    "SELECT r.kind, r.id, r.what, r.value"
    " FROM rulings r INDEXED BY rulings_sticky"
    " JOIN acts a ON a.id = r.act"
    " WHERE r.what <= 1 AND a.feed = ? ORDER BY r.id, r.kind, r.act",
[SQL_RULING_LATENT] =
    "SELECT r.kind, r.id, r.what, r.value"
    " FROM acts a JOIN rulings r ON r.act = a.id"
    " WHERE a.feed = ?1 AND a.top >= ?2 AND r.what = ?3"
    " ORDER BY r.kind, r.id, a.id",
[SQL_RULING_FORGET] =
    "DELETE FROM rulings WHERE id = ?1 AND kind = ?2"
    " AND act IN (SELECT id FROM acts WHERE feed = ?3)",
[SQL_DUMP_REVISE] =
    "UPDATE dumps SET settings = ?, fingerprint = ? WHERE id = ?",
[SQL_PUB_AGAIN] =
    "INSERT INTO publications (feed, file, sha256, bytes, rows, mtime,"
    " from_time, to_time, archive, done, pulls, first_pull, reason, kinds, id)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 0, 0, ?, ?, ?)",
[SQL_PUB_DONE_LIST] =
    "SELECT id, from_time, to_time, kinds, first_pull, pulls"
    " FROM publications WHERE feed = ? AND done = 1 ORDER BY id",
[SQL_BLOCK_COPY] =
    "SELECT first, n, low_time, high_time, orders FROM blocks WHERE feed = ?"
    " ORDER BY first",
[SQL_BLOCK_ADD] =
    "INSERT INTO blocks (feed, first, n, low_time, high_time, orders)"
    " VALUES (?, ?, ?, ?, ?, ?)",
[SQL_REPLACE_ORDERS] = "DELETE FROM blocks WHERE feed = ?",
[SQL_REPLACE_CARRIED] = "DELETE FROM carried WHERE feed = ?",
[SQL_REPLACE_VARIANTS] = "DELETE FROM variants WHERE feed = ?",
[SQL_VARIANT_SCAN] = "SELECT canonical, id FROM variants WHERE feed = ?",

[SQL_STEP_GET] = "SELECT since, carried FROM steps WHERE feed = ? AND id = ?",
[SQL_STEP_SET] =
    "INSERT INTO steps (feed, id, since, carried) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (feed, id) DO UPDATE SET since = excluded.since, carried ="
    " iif(length(excluded.carried) = 0, carried, excluded.carried)",
[SQL_STEP_CLEAR] = "DELETE FROM steps WHERE feed = ?",
[SQL_STEP_COPY] = "SELECT id, since, carried FROM steps WHERE feed = ?",
[SQL_STEP_SHOWN] =
    "INSERT INTO steps (feed, id, since, carried)"
    " SELECT feed, id, iif(count(*) = 1, max(since), ?1), x''"
    " FROM queue WHERE feed = ?2 GROUP BY id"
    " ON CONFLICT (feed, id) DO UPDATE SET since = excluded.since",
[SQL_STEP_CARRIED] = "DELETE FROM steps WHERE feed = ? AND since < ?",
[SQL_MISSED_ADD] =
    "INSERT INTO missed (feed, day, status, next, n) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (feed, day, status, next) DO UPDATE SET n = n + excluded.n",
[SQL_MISSED_LIST] =
    "SELECT day, status, next, n FROM missed WHERE feed = ? AND day >= ?"
    " ORDER BY day, status, next",

[SQL_ERASURE_ADD] =
    "INSERT INTO erasures (at, done, actor, reason, act)"
    " VALUES (?, 0, ?, ?, '')",
[SQL_ERASURE_SET] = "UPDATE erasures SET done = ?, act = ? WHERE id = ?",
[SQL_ERASURE_GET] =
    "SELECT id, at, done, actor, reason, act FROM erasures WHERE id = ?",
[SQL_ERASURE_LIST] =
    "SELECT id, at, done, actor, reason, act FROM erasures"
    " WHERE done = 0 OR ?1 ORDER BY id",
[SQL_TOMBSTONE_ADD] =
    "INSERT OR IGNORE INTO tombstones (kind, hash, brief, erasure)"
    " VALUES (?, ?, ?, ?)",
[SQL_TOMBSTONE_LIST] =
    "SELECT kind, hash, brief, erasure FROM tombstones",
[SQL_RULING_LIST] =
    "SELECT r.act, r.kind, r.id, r.what, r.value FROM rulings r"
    " JOIN acts a ON a.id = r.act WHERE a.feed = ?",
[SQL_RULING_SET] =
    "UPDATE rulings SET value = ?"
    " WHERE act = ? AND kind = ? AND id = ? AND what = ?",
[SQL_RULING_DROP] =
    "DELETE FROM rulings"
    " WHERE act = ? AND kind = ? AND id = ? AND what = ?",
[SQL_STEP_DROP] = "DELETE FROM steps WHERE feed = ? AND id = ?",
[SQL_QUEUE_ANY] = "SELECT 1 FROM queue WHERE feed = ? LIMIT 1",
[SQL_QUEUE_TAIL] =
    "SELECT seq, due, (SELECT count(*) FROM queue WHERE feed = ?1 AND id = ?2)"
    " FROM queue WHERE feed = ?1 AND id = ?2 ORDER BY seq DESC LIMIT 1",
[SQL_QUEUE_ADD] =
    "INSERT INTO queue (feed, id, seq, status, create_time, since, due)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)",
[SQL_QUEUE_STATUS] =
    "UPDATE queue SET status = ? WHERE feed = ? AND id = ? AND seq = ?",
[SQL_QUEUE_WAIT] =
    "UPDATE queue SET due = ? WHERE feed = ? AND id = ? AND seq = ?",
[SQL_QUEUE_DROP] = "DELETE FROM queue WHERE feed = ? AND id = ?",
[SQL_QUEUE_CLEAR] = "DELETE FROM queue WHERE feed = ?",
[SQL_QUEUE_FIRST] =
    "SELECT status FROM queue WHERE feed = ? AND id = ? ORDER BY seq LIMIT 1",
[SQL_QUEUE_POP] = "DELETE FROM queue WHERE feed = ? AND id = ? AND seq = ?",
[SQL_QUEUE_NEXT] =
    "UPDATE queue SET since = ?1, due = ?2 WHERE feed = ?3 AND id = ?4"
    " AND seq = (SELECT min(seq) FROM queue WHERE feed = ?3 AND id = ?4)",
[SQL_QUEUE_MISSED] =
    "INSERT INTO missed (feed, day, status, next, n)"
    " VALUES (?, ?, CAST(? AS TEXT), CAST(? AS TEXT), 1)"
    " ON CONFLICT (feed, day, status, next) DO UPDATE SET n = n + 1",
[SQL_QUEUE_OVER] =
    "SELECT id, status, seq, due FROM queue"
    " WHERE feed = ? AND due > 0 AND due <= ?",
[SQL_QUEUE_PULLED] =
    "SELECT id, status, seq, due FROM queue WHERE feed = ? AND due > 0"
    " AND since < ? AND create_time BETWEEN ? AND ?",
[SQL_QUEUE_DUE] =
    "SELECT q.due FROM queue AS q WHERE q.feed = ?1 AND q.due > 0"
    " AND EXISTS (SELECT 1 FROM queue AS n WHERE n.feed = ?1 AND n.id = q.id"
    " AND n.seq > q.seq) ORDER BY q.due LIMIT 1",
[SQL_QUEUE_COUNT] =
    "SELECT count(DISTINCT id) FROM queue WHERE feed = ? AND due = 0",
[SQL_QUEUE_IDS] = "SELECT DISTINCT id FROM queue WHERE feed = ?",
[SQL_QUEUE_OF] =
    "SELECT status, due FROM queue WHERE feed = ? AND id = ? ORDER BY seq",
[SQL_QUEUE_COPY] =
    "SELECT id, seq, status, create_time, since, due FROM queue"
    " WHERE feed = ?",
[SQL_VARIANT_DROP] = "DELETE FROM variants WHERE feed = ? AND id = ?",

[SQL_UNPACKED_ADD] =
    "INSERT OR REPLACE INTO unpacked (path, publication) VALUES (?, ?)",
[SQL_UNPACKED_FOUND] =
    "INSERT OR IGNORE INTO unpacked (path, publication) VALUES (?, 0)",
[SQL_UNPACKED_DROP] = "DELETE FROM unpacked WHERE path = ?",
[SQL_UNPACKED_NEXT] =
    "SELECT path, publication FROM unpacked"
    " ORDER BY publication DESC, path LIMIT 1",
[SQL_UNPACKED_HAS] =
    "SELECT count(*) FROM unpacked WHERE publication = ?",
};
/* clang-format on */
