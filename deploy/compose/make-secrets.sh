#!/bin/sh
# Makes the secrets that docker-compose.yml reads, in deploy/compose/secrets; keeps those that are there. Run it as root: each
# file belongs to the one user that reads it in its container, and nobody else can. Keep a copy of `secret-keys`: what is
# sealed in the database can not be read without it.
set -eu
umask 077
cd "$(dirname "$0")"
[ "$(id -u)" = 0 ] || { echo "run it as root: the files get the users of the containers as owners" >&2; exit 1; }

# The uid of the Dockerfile, and of Debian's variant of the postgres image.
MOORAGE=10001
POSTGRES=999

random_hex() { head -c 24 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }

keep() { # name, owner; the text on stdin
  [ -s "secrets/$1" ] || cat > "secrets/$1"
  chown "$2:$2" "secrets/$1"
  chmod 0400 "secrets/$1"
}

mkdir -p secrets
random_hex | keep postgres-password $POSTGRES
echo "postgres://moorage:$(cat secrets/postgres-password)@postgres:5432/moorage" | keep database-url $MOORAGE
echo "k1:$(head -c 32 /dev/urandom | base64)" | keep secret-keys $MOORAGE
echo "mrg_$(random_hex)" | keep admin-token $MOORAGE
echo "the secrets are in $PWD/secrets; the first admin's token is in admin-token"
