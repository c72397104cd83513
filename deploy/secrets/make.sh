#!/bin/sh
# Makes the secrets of docker-compose.yml that are not there yet. Keep master_key for good: without
# it nobody can read what was sealed.
set -eu
cd "$(dirname "$0")"
umask 077
drawn() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
for name in postgres_password clickhouse_password master_key grafana_password; do
  [ -s "$name" ] || drawn > "$name"
done
[ -s postgres_url ] || printf 'postgresql://answerback:%s@postgres:5432/answerback' "$(cat postgres_password)" > postgres_url
[ -s clickhouse_url ] || printf 'clickhouse://answerback:%s@clickhouse:9000/answerback' "$(cat clickhouse_password)" > clickhouse_url
# An admin key for Prometheus: put the secret of `answerback key create` here, then restart it.
[ -e metrics_key ] || printf 'none yet' > metrics_key
