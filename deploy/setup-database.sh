#!/bin/sh
# Makes the PostgreSQL user and database for Prosa, and prints the DATABASE_URL. Safe to run again: what is there stays, the
# password is set anew. Runs as whoever may do that: on Debian `sudo -u postgres deploy/setup-database.sh`.
#   DB_USER (prosa)   DB_PASSWORD (made up when unset)   DB_NAME (live_meeting)   PGURL (how to reach the server; unset: locally)
set -eu

DB_USER=${DB_USER:-prosa}
DB_NAME=${DB_NAME:-live_meeting}
DB_PASSWORD=${DB_PASSWORD:-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')}

command -v psql >/dev/null || { echo "setup-database: psql is missing; on Debian: apt-get install postgresql" >&2; exit 1; }

# psql quotes the values itself: :'x' is a literal, :"x" a name.
psql -X -q -v ON_ERROR_STOP=1 -v user="$DB_USER" -v password="$DB_PASSWORD" -v name="$DB_NAME" ${PGURL:+"$PGURL"} <<'SQL'
SELECT format('CREATE ROLE %I LOGIN', :'user') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'user') \gexec
ALTER ROLE :"user" LOGIN PASSWORD :'password';
SELECT format('CREATE DATABASE %I OWNER %I ENCODING ''UTF8'' TEMPLATE template0', :'name', :'user')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
GRANT ALL PRIVILEGES ON DATABASE :"name" TO :"user";
SQL

# Each byte that may not stand in a URL as %XX.
encode() {
    printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g' | sed 's/%2d/-/g; s/%2e/./g; s/%5f/_/g' |
        awk '{ out = ""; for (i = 1; i <= length($0);) { if (substr($0, i, 1) != "%") { out = out substr($0, i, 1); i++; continue }
               h = substr($0, i + 1, 2); if (h ~ /^(3[0-9]|4[1-9a-f]|5[0-9a]|6[1-9a-f]|7[0-9a])$/) {
               v = index("0123456789abcdef", substr(h, 1, 1)) - 1; w = index("0123456789abcdef", substr(h, 2, 1)) - 1;
               out = out sprintf("%c", v * 16 + w) } else out = out "%" h; i += 3 } print out }'
}
echo "DATABASE_URL=postgresql://$(encode "$DB_USER"):$(encode "$DB_PASSWORD")@localhost:5432/$(encode "$DB_NAME")?schema=public"
