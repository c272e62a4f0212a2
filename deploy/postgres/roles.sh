#!/bin/sh
# Make the databases, where they are missing, and the roles of roles.sql, with passwords from files or
# from the environment. Where to connect, and as whom, is libpq's: PGHOST, PGPORT, PGUSER, PGPASSWORD
# or PGPASSFILE. Again, it changes nothing; run it after each migration.
#
#   F1_OWNER_PASSWORD_FILE=... F1_WRITER_PASSWORD_FILE=... F1_READER_PASSWORD_FILE=... \
#   DAGSTER_PASSWORD_FILE=... deploy/postgres/roles.sh
#
# F1_DATABASE (f1) and DAGSTER_DATABASE (dagster) name the databases, F1_ROLE_PREFIX (f1) the roles.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
database=${F1_DATABASE:-f1}
dagster=${DAGSTER_DATABASE:-dagster}

# An option of the session, with what would end it escaped. It shows in no list of processes.
option() {
    if [ -n "$2" ]; then
        escaped=$(printf '%s' "$2" | sed 's/[\\ 	]/\\&/g')
        PGOPTIONS="${PGOPTIONS:-} -c f1.$1=$escaped"
    fi
}

# The content of the file that NAME_FILE names, or the value of NAME.
secret() {
    eval "file=\${$1_FILE:-} value=\${$1:-}"
    # shellcheck disable=SC2154 # eval assigns it
    if [ -n "$file" ]; then
        value=$(cat -- "$file")
    fi
    printf '%s' "$value"
}

run() {
    psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 "$@"
}

for name in "$database" "$dagster"; do
    run --dbname "${PGDATABASE:-postgres}" --set "name=$name" <<'SQL'
SELECT format('CREATE DATABASE %I TEMPLATE template0 ENCODING ''UTF8''', :'name')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
SQL
done

owner=$(secret F1_OWNER_PASSWORD)
writer=$(secret F1_WRITER_PASSWORD)
reader=$(secret F1_READER_PASSWORD)
dagsters=$(secret DAGSTER_PASSWORD)
option owner_password "$owner"
option writer_password "$writer"
option reader_password "$reader"
option dagster_password "$dagsters"
option dagster_database "$dagster"
option role_prefix "${F1_ROLE_PREFIX:-}"
export PGOPTIONS
run --single-transaction --dbname "$database" --file "$here/roles.sql"
echo "The databases $database and $dagster have their roles."
