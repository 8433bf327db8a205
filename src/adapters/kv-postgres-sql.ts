/** What `kv-postgres` says to the server: its tables and its statements. Rows of a partition lie together, in order of their keys. */

/** Another one is refused. */
export const FORMAT = 1;

export const TABLES = `
create table if not exists pabal_format (format int not null);
create table if not exists pabal_part (
  p bytea primary key, ver bigint not null, id text collate "C" not null, value bytea, recent bytea not null);
create table if not exists pabal_row (p bytea not null, k bytea not null, v bytea not null, primary key (p, k));
create table if not exists pabal_immutable (
  p bytea not null, b text collate "C" not null, k bytea not null, v bytea not null, primary key (p, b, k));
insert into pabal_format select ${FORMAT} where not exists (select from pabal_format)`;

/** Of the commits that a partition remembers: where it started (8 bytes) and its id, filled up with blanks. */
export const RECENT_ENTRY = 48;
const RECENT_BYTES = 32 * RECENT_ENTRY;
/** `recent` with one more entry, $4, without the oldest when there are too many. */
const REMEMBER = `substring(part.recent || $4::bytea from greatest(1, octet_length(part.recent) + octet_length($4::bytea) - ${RECENT_BYTES} + 1))`;

/**
 * One statement is one transaction, and one way to the server and back. Whoever waited for another commit of the partition finds
 * that the version has moved, and then nothing of it is done. $1 partition, $2 expected version, $3 commit id, $4 its entry, $5 next
 * version, $6 header or null, $7 and $8 keys and values to put, $9 keys to remove, $10 and $11 where ranges to clear begin and end.
 */
export const COMMIT = `
with done as (
  update pabal_part part set ver = $5::bigint, id = $3::text, value = coalesce($6::bytea, part.value), recent = ${REMEMBER}
  where part.p = $1::bytea and part.ver = $2::bigint returning 1
), made as (
  insert into pabal_part as part (p, ver, id, value, recent) select $1::bytea, $5::bigint, $3::text, $6::bytea, $4::bytea
  where $2::bigint = 0 on conflict (p) do nothing returning 1
), applied as (select from done union all select from made
), cleared as (
  delete from pabal_row r using applied, unnest($10::bytea[], $11::bytea[]) as range(s, e)
  where r.p = $1::bytea and r.k >= range.s and r.k < range.e and r.k <> all ($7::bytea[])
), removed as (
  delete from pabal_row r using applied where r.p = $1::bytea and r.k = any ($9::bytea[])
), written as (
  insert into pabal_row (p, k, v) select $1::bytea, new.k, new.v from applied, unnest($7::bytea[], $8::bytea[]) as new(k, v)
  on conflict (p, k) do update set v = excluded.v
)
select count(*)::int as applied from applied`;

/** Moves the version from where an unknown commit started, so that it cannot apply any more. Waits for one that is still at work. */
export const FENCE = `
with done as (
  update pabal_part part set ver = part.ver + 1, id = $3::text, recent = ${REMEMBER}
  where part.p = $1::bytea and part.ver = $2::bigint returning 1
), made as (
  insert into pabal_part as part (p, ver, id, recent) select $1::bytea, 1, $3::text, $4::bytea
  where $2::bigint = 0 on conflict (p) do nothing returning 1
)
select count(*)::int as applied from (select from done union all select from made) as applied`;

export const HEAD = 'select ver, id, value, recent from pabal_part where p = $1::bytea';

export const GET = 'select k, v from pabal_row where p = $1::bytea and k = any ($2::bytea[])';
const IN_RANGE = 'k >= $2::bytea and k < $3::bytea';
export const SCAN = `select k, v from pabal_row where p = $1::bytea and ${IN_RANGE} order by k limit $4`;
export const SCAN_BACK = `select k, v from pabal_row where p = $1::bytea and ${IN_RANGE} order by k desc limit $4`;

export const PUT_IMMUTABLE = `
insert into pabal_immutable (p, b, k, v) select $1::bytea, $2::text, new.k, new.v from unnest($3::bytea[], $4::bytea[]) as new(k, v)
on conflict (p, b, k) do nothing`;
const OF_BUCKET = 'p = $1::bytea and b = $5::text';
export const GET_IMMUTABLE =
  'select k, v from pabal_immutable where p = $1::bytea and b = $2::text and k = any ($3::bytea[])';
export const SCAN_IMMUTABLE = `select k, v from pabal_immutable where ${OF_BUCKET} and ${IN_RANGE} order by k limit $4`;
export const SCAN_IMMUTABLE_BACK = `select k, v from pabal_immutable where ${OF_BUCKET} and ${IN_RANGE} order by k desc limit $4`;
export const DROP_IMMUTABLE =
  'delete from pabal_immutable where p = $1::bytea and b = $2::text and k = any ($3::bytea[])';

/** Buckets of a partition, one look-up in the index for each. */
export const BUCKETS = `
with recursive found as (
  (select b from pabal_immutable where p = $1::bytea order by b limit 1)
  union all
  select (select i.b from pabal_immutable i where i.p = $1::bytea and i.b > found.b order by i.b limit 1) from found
  where found.b is not null
)
select b from found where b is not null`;

/** The next partitions between $1 and $2, both left out, one look-up in the index for each. */
export const PARTITIONS = `
with recursive beside as (
  (select p, 1 as n from pabal_immutable where p > $1::bytea and p < $2::bytea order by p limit 1)
  union all
  select (select i.p from pabal_immutable i where i.p > beside.p and i.p < $2::bytea order by i.p limit 1), n + 1 from beside
  where beside.p is not null and n < 500
)
(select p from pabal_part where p > $1::bytea and p < $2::bytea order by p limit 500)
union select p from beside where p is not null order by p limit 500`;

/** One service at a time has a database: another number would be another program's. */
export const LOCK = 'select pg_try_advisory_lock(7263201, 1) as locked';

/** Before anybody has the lock: two that start at the same time make it one after the other. */
export const NODE_TABLE = `
select pg_advisory_xact_lock(7263201, 2);
create table if not exists pabal_node (
  name text collate "C" primary key, active bool not null, since timestamptz not null, seen timestamptz not null)`;

/** Ends every connection of the service that holds the lock. A role may end its own. */
export const END_HOLDER = `
select pg_terminate_backend(a.pid) from pg_stat_activity a where a.datname = current_database() and a.application_name = (
  select h.application_name from pg_locks l join pg_stat_activity h on h.pid = l.pid
  where l.locktype = 'advisory' and l.database = (select oid from pg_database where datname = current_database())
    and l.classid = 7263201 and l.objid = 1 and l.granted)`;

/** $1 lives; $2 it has the database. */
export const BEAT = `
insert into pabal_node as node (name, active, since, seen) values ($1, $2, clock_timestamp(), clock_timestamp())
on conflict (name) do update set seen = clock_timestamp(), active = excluded.active,
  since = case when node.active = excluded.active then node.since else clock_timestamp() end`;
/** $1 has the database now; whoever has not been heard of for an hour is forgotten. */
export const TAKE_OVER = `
with others as (
  update pabal_node set active = false, since = clock_timestamp() where active and name <> $1
), gone as (delete from pabal_node where seen < clock_timestamp() - interval '1 hour' and name <> $1)
insert into pabal_node as node (name, active, since, seen) values ($1, true, clock_timestamp(), clock_timestamp())
on conflict (name) do update set active = true, since = clock_timestamp(), seen = clock_timestamp()`;
export const LEAVE = 'delete from pabal_node where name = $1';
const SILENT = '(extract(epoch from clock_timestamp() - seen) * 1000)::int as silent';
export const ACTIVE = `select name, ${SILENT} from pabal_node where active`;
export const NODES = `select name, active, since, ${SILENT} from pabal_node order by active desc, name`;
