#!/bin/sh
# Writes .env beside docker-compose.yml with a fresh secret for each line of .env.example that needs one:
#   deploy/make-env.sh [--demo]
# --demo also loads the demonstration concerts. A .env that is there is kept.
set -eu
cd "$(dirname "$0")/.."

demo=false
case "${1-}" in
  '') ;;
  --demo) demo=true ;;
  *) echo "usage: deploy/make-env.sh [--demo]" >&2; exit 64 ;;
esac

if [ -e .env ]; then
  echo ".env is there already; move it away to make new secrets. A new POSTGRES_PASSWORD does not open the old database." >&2
  exit 1
fi

# 32 random bytes in hexadecimal digits
secret() {
  od -An -v -tx1 -N32 /dev/urandom | tr -d ' \n'
}

umask 077
while IFS= read -r line; do
  case "$line" in
    '#DEMO_DATA='*) if [ "$demo" = true ]; then echo 'DEMO_DATA=true'; else printf '%s\n' "$line"; fi ;;
    [A-Z]*=) printf '%s%s\n' "$line" "$(secret)" ;;
    *) printf '%s\n' "$line" ;;
  esac
done < .env.example > .env.unfinished
mv .env.unfinished .env
echo 'Wrote .env. Now: docker compose up --build'
echo 'The shop is then at http://127.0.0.1:8080; /ops asks for the ADMIN_TOKEN in .env.'
