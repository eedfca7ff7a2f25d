"""The tables of a ledger in PostgreSQL, and who may do what with them: the SQL that a site runs once.

An owner role that nobody logs in as owns the tables. The role that the program logs in as may insert and select,
nothing else. Triggers refuse the rest even to the owner, gaps between events, and every commit of a session whose turn
is over. They stop mistakes; what stops intent is the chain, its signed heads and what is kept of them elsewhere.
Source: docs/ledger-format.md; https://www.postgresql.org/docs/current/plpgsql-trigger.html (transition tables);
https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS.
"""

from automation.ledger.event import FORMAT

OWNED = 0x43454C57  # "CELW"; first half of the lock that the owner's session holds, the other is the table's number
WRITES = OWNED + 1  # the same of the lock that a commit shares and a new turn waits for
STALE, GAP, NEVER = "CW001", "CW002", "CW003"  # SQLSTATE of the refusals below

_SCHEMA = """\
-- The ledger of a site in PostgreSQL, format {format}: tables, rights and refusals.
-- Run once by whoever administers the database, a superuser: psql --single-transaction --set ON_ERROR_STOP=1
DO $$ BEGIN
  IF current_setting('server_encoding') <> 'UTF8' THEN RAISE 'the database has to be UTF8'; END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{owner}') THEN CREATE ROLE "{owner}" NOLOGIN; END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{login}') THEN CREATE ROLE "{login}" LOGIN; END IF;
END $$;
CREATE SCHEMA "{schema}" AUTHORIZATION "{owner}";
SET ROLE "{owner}";

CREATE TABLE "{schema}".format(number integer NOT NULL);
INSERT INTO "{schema}".format VALUES ({format});
CREATE TABLE "{schema}".event(seq bigint PRIMARY KEY, stream text COLLATE "C" NOT NULL, envelope text NOT NULL,
  body bytea NOT NULL, hash bytea NOT NULL CHECK (octet_length(hash) = 32));
CREATE INDEX event_stream ON "{schema}".event(stream, seq);
CREATE TABLE "{schema}".head(seq bigint PRIMARY KEY, at bigint NOT NULL, key_id text NOT NULL, body text NOT NULL,
  signature bytea NOT NULL);
-- Each ownership of the site, also one that wrote nothing: the last one alone may write.
CREATE TABLE "{schema}".turn(number bigint PRIMARY KEY, process integer NOT NULL, host text NOT NULL,
  since timestamptz NOT NULL DEFAULT clock_timestamp());

CREATE FUNCTION "{schema}".never() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  RAISE EXCEPTION 'rows of % never change and never go', TG_TABLE_NAME USING ERRCODE = '{never}';
END $$;
CREATE FUNCTION "{schema}".fence() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  PERFORM pg_advisory_xact_lock_shared(({writes}::bigint << 32) + '"{schema}".event'::regclass::oid::bigint);
  IF current_setting('cellwright.turn', true) IS DISTINCT FROM (SELECT max(number)::text FROM "{schema}".turn) THEN
    RAISE EXCEPTION 'this session does not own the ledger' USING ERRCODE = '{stale}';
  END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION "{schema}".next_turn() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  PERFORM pg_advisory_xact_lock(({writes}::bigint << 32) + '"{schema}".event'::regclass::oid::bigint);
  IF NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM "{schema}".turn) THEN
    RAISE EXCEPTION 'another turn was taken meanwhile' USING ERRCODE = '{stale}';
  END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION "{schema}".next_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE first bigint; last bigint; many bigint;
BEGIN
  SELECT min(seq), max(seq), count(*) INTO first, last, many FROM added;
  IF many > 0 AND (many <> last - first + 1
      OR first <> (SELECT coalesce(max(seq), 0) + 1 FROM "{schema}".event WHERE seq < first)) THEN
    RAISE EXCEPTION 'an event takes the next number; nothing is replaced' USING ERRCODE = '{gap}';
  END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION "{schema}".next_head() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.seq <= (SELECT coalesce(max(seq), 0) FROM "{schema}".head) THEN
    RAISE EXCEPTION 'a head covers more than the one before; nothing is replaced' USING ERRCODE = '{gap}';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER a_fence BEFORE INSERT ON "{schema}".event FOR EACH STATEMENT EXECUTE FUNCTION "{schema}".fence();
CREATE TRIGGER a_fence BEFORE INSERT ON "{schema}".head FOR EACH STATEMENT EXECUTE FUNCTION "{schema}".fence();
CREATE TRIGGER next_event AFTER INSERT ON "{schema}".event REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION "{schema}".next_event();
CREATE TRIGGER next_head BEFORE INSERT ON "{schema}".head FOR EACH ROW EXECUTE FUNCTION "{schema}".next_head();
CREATE TRIGGER next_turn BEFORE INSERT ON "{schema}".turn FOR EACH ROW EXECUTE FUNCTION "{schema}".next_turn();
CREATE TRIGGER never BEFORE UPDATE OR DELETE OR TRUNCATE ON "{schema}".event
  FOR EACH STATEMENT EXECUTE FUNCTION "{schema}".never();
CREATE TRIGGER never BEFORE UPDATE OR DELETE OR TRUNCATE ON "{schema}".head
  FOR EACH STATEMENT EXECUTE FUNCTION "{schema}".never();
CREATE TRIGGER never BEFORE UPDATE OR DELETE OR TRUNCATE ON "{schema}".turn
  FOR EACH STATEMENT EXECUTE FUNCTION "{schema}".never();
CREATE TRIGGER never BEFORE UPDATE OR DELETE OR TRUNCATE ON "{schema}".format
  FOR EACH STATEMENT EXECUTE FUNCTION "{schema}".never();

GRANT USAGE ON SCHEMA "{schema}" TO "{login}";
GRANT SELECT ON "{schema}".format TO "{login}";
GRANT SELECT, INSERT ON "{schema}".event, "{schema}".head, "{schema}".turn TO "{login}";
RESET ROLE;
"""


def statements(*, schema: str, login: str, owner: str) -> str:
    """Give the SQL that makes an empty ledger in ``schema``, to which the role ``login`` may add."""
    return _SCHEMA.format(
        format=FORMAT, schema=schema, login=login, owner=owner, stale=STALE, gap=GAP, never=NEVER, writes=WRITES
    )
