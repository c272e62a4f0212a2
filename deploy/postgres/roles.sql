-- Roles of the project's database, with as few rights as their work needs:
--   f1_owner    owns schema f1, makes and migrates the tables, restores a backup;
--   f1_writer   the pipeline: runs, daemon, code server, workers. Rows, no tables;
--   f1_reader   the read API and other programs: rows to read, and runs to ask for;
--   f1_dagster  owns Dagster's own database, if one is named.
--
-- Run it in the project's database, as a superuser or as the owner of the databases with CREATEROLE,
-- before the first `f1-pipeline prepare` and again after each one: tables that have rights of their own
-- get them then. It says all again each time, and takes back what was granted besides.
--
--   export PGOPTIONS='-c f1.owner_password=... -c f1.writer_password=... -c f1.reader_password=...'
--   psql --no-psqlrc --set ON_ERROR_STOP=1 --single-transaction --dbname f1 --file roles.sql
--
-- roles.sh does that with passwords from files. Passwords go by PGOPTIONS and not by --set, as any
-- user of a machine sees the arguments of its processes. A SCRAM verifier serves in place of one.
-- Settings: f1.owner_password, f1.writer_password, f1.reader_password, f1.dagster_password (without
-- one a role keeps what it has), f1.dagster_database, f1.role_prefix (`f1` unless set), and
-- f1.reader_connections (40 unless set).

SET client_min_messages = warning;

-- The names of the roles, for the blocks below.
DO $$
DECLARE
    prefix text := coalesce(nullif(current_setting('f1.role_prefix', true), ''), 'f1');
    role text;
BEGIN
    IF prefix !~ '^[a-z][a-z0-9_]{0,40}$' THEN
        RAISE EXCEPTION 'f1.role_prefix is letters, digits and underscores, not %', prefix;
    END IF;
    FOREACH role IN ARRAY ARRAY['owner', 'writer', 'reader', 'dagster'] LOOP
        PERFORM set_config('f1.' || role, prefix || '_' || role, false);
    END LOOP;
END $$;

-- The roles themselves. One that could do more than it should by itself is refused, not mended:
-- it is somebody else's, or somebody had a reason.
DO $$
DECLARE
    kind text;
    role text;
    password text;
    other text;
BEGIN
    FOREACH kind IN ARRAY ARRAY['owner', 'writer', 'reader', 'dagster'] LOOP
        CONTINUE WHEN kind = 'dagster'
            AND coalesce(current_setting('f1.dagster_database', true), '') = '';
        role := current_setting('f1.' || kind);
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I', role);
        END IF;
        IF EXISTS (
            SELECT FROM pg_roles WHERE rolname = role
            AND (rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls)
        ) THEN
            RAISE EXCEPTION '% has rights over the whole server: take them away first', role;
        END IF;
        SELECT max(held.rolname) INTO other FROM pg_auth_members
            JOIN pg_roles held ON held.oid = roleid
            JOIN pg_roles holder ON holder.oid = member
            WHERE holder.rolname = role;
        IF other IS NOT NULL THEN
            RAISE EXCEPTION '% is a member of %, and has its rights too: revoke that first',
                role, other;
        END IF;
        EXECUTE format('ALTER ROLE %I LOGIN', role);
        password := coalesce(current_setting('f1.' || kind || '_password', true), '');
        IF password <> '' THEN
            EXECUTE format('ALTER ROLE %I PASSWORD %L', role, password);
        END IF;
    END LOOP;
    -- Who is no superuser gives and takes the owner's rights as a member of it.
    IF NOT pg_has_role(current_user, current_setting('f1.owner'), 'USAGE') THEN
        EXECUTE format('GRANT %I TO %I', current_setting('f1.owner'), current_user);
    END IF;
END $$;

-- How much a role may take of the server. The reader cannot use up the connections that the pipeline
-- needs (max_connections is 100 as a rule), nor hold the project's lock for longer than a minute.
-- A session may set its own limits: they are against accidents, not against an intruder.
DO $$
DECLARE
    reader text := current_setting('f1.reader');
    most text := coalesce(nullif(current_setting('f1.reader_connections', true), ''), '40');
    setting text;
BEGIN
    EXECUTE format('ALTER ROLE %I CONNECTION LIMIT 5', current_setting('f1.owner'));
    EXECUTE format('ALTER ROLE %I CONNECTION LIMIT %s', reader, most::int);
    FOREACH setting IN ARRAY ARRAY['statement_timeout', 'idle_in_transaction_session_timeout'] LOOP
        EXECUTE format(
            'ALTER ROLE %I IN DATABASE %I SET %I = ''60s''', reader, current_database(), setting
        );
    END LOOP;
END $$;

-- Databases: nobody connects but who is named here.
DO $$
DECLARE
    own text := current_database();
    owner text := current_setting('f1.owner');
    writer text := current_setting('f1.writer');
    reader text := current_setting('f1.reader');
    dagsters text := coalesce(current_setting('f1.dagster_database', true), '');
    dagster text := current_setting('f1.dagster');
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC, %I, %I, %I', own, owner, writer, reader);
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I, %I, %I', own, owner, writer, reader);
    -- A restore into an empty database makes the schema itself.
    EXECUTE format('GRANT CREATE ON DATABASE %I TO %I', own, owner);
    IF dagsters = '' THEN
        RETURN;
    END IF;
    IF dagsters = own OR NOT EXISTS (SELECT FROM pg_database WHERE datname = dagsters) THEN
        RAISE EXCEPTION 'f1.dagster_database is a database of Dagster''s own that exists, not %',
            dagsters;
    END IF;
    IF NOT pg_has_role(current_user, dagster, 'USAGE') THEN
        EXECUTE format('GRANT %I TO %I', dagster, current_user);
    END IF;
    EXECUTE format('ALTER DATABASE %I OWNER TO %I', dagsters, dagster);
    EXECUTE format(
        'REVOKE ALL ON DATABASE %I FROM PUBLIC, %I, %I, %I', dagsters, owner, writer, reader
    );
END $$;

-- Schemas. The revisions' table is made here so that it never is one of those that the writer
-- may change.
DO $$
DECLARE
    owner text := current_setting('f1.owner');
    writer text := current_setting('f1.writer');
    reader text := current_setting('f1.reader');
    item record;
BEGIN
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    IF to_regnamespace('f1') IS NULL THEN
        EXECUTE format('CREATE SCHEMA f1 AUTHORIZATION %I', owner);
    END IF;
    EXECUTE format('ALTER SCHEMA f1 OWNER TO %I', owner);
    CREATE TABLE IF NOT EXISTS f1.f1_migrations (
        version_num varchar(32) NOT NULL,
        CONSTRAINT f1_migrations_pkc PRIMARY KEY (version_num)
    );
    -- Tables that another role made, before there were roles.
    FOR item IN
        SELECT c.relname, c.relkind FROM pg_class c
        JOIN pg_roles r ON r.oid = c.relowner
        WHERE c.relnamespace = 'f1'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
            AND r.rolname <> owner
    LOOP
        EXECUTE format('ALTER TABLE f1.%I OWNER TO %I', item.relname, owner);
    END LOOP;
    EXECUTE format('REVOKE ALL ON SCHEMA f1 FROM PUBLIC, %I, %I', writer, reader);
    EXECUTE format('GRANT USAGE ON SCHEMA f1 TO %I, %I', writer, reader);
END $$;

-- Tables: those that there are, and those to come.
DO $$
DECLARE
    owner text := current_setting('f1.owner');
    writer text := current_setting('f1.writer');
    reader text := current_setting('f1.reader');
    name text;
BEGIN
    EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA f1 FROM PUBLIC, %I, %I', writer, reader);
    EXECUTE format(
        'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA f1 TO %I', writer
    );
    EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA f1 TO %I', reader);
    EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA f1 '
        'GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %I', owner, writer);
    EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA f1 '
        'GRANT SELECT ON TABLES TO %I', owner, reader);

    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON f1.f1_migrations FROM %I', writer);
    -- What was published, promoted or removed stands: not even the pipeline changes it.
    FOREACH name IN ARRAY ARRAY[
        'race_predictions', 'explanations', 'recommendations', 'caution_advice', 'promotions',
        'removals'
    ] LOOP
        IF to_regclass('f1.' || name) IS NOT NULL THEN
            EXECUTE format('REVOKE UPDATE, DELETE ON f1.%I FROM %I', name, writer);
        END IF;
    END LOOP;
    -- Of no use to a reader: what upstreams answered, and a hash of the F1 account.
    FOREACH name IN ARRAY ARRAY['source_answers', 'refusals'] LOOP
        IF to_regclass('f1.' || name) IS NOT NULL THEN
            EXECUTE format('REVOKE SELECT ON f1.%I FROM %I', name, reader);
        END IF;
    END LOOP;
    -- The API writes down which runs are asked for, and removes old ones. It never says how one
    -- went: whoever takes it does.
    IF to_regclass('f1.run_requests') IS NOT NULL THEN
        EXECUTE format('GRANT INSERT, DELETE ON f1.run_requests TO %I', reader);
    END IF;
END $$;

RESET client_min_messages;
