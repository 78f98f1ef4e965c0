#!/bin/sh
# Logs in, lists the latest meetings, and prints what the host of the latest was told: requests.sh SERVER E-MAIL PASSWORD
set -eu
server=$1 email=$2 password=$3

# The member NAME of the JSON on standard input; with jq at hand: jq -r .NAME
member() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" | head -n 1; }

login=$(curl -fsS "$server/auth/login" --json "{\"email\":\"$email\",\"password\":\"$password\"}")
token=$(printf %s "$login" | member accessToken)

curl -fsS "$server/ready"
echo
sessions=$(curl -fsS -H "Authorization: Bearer $token" "$server/sessions?limit=1")
printf '%s\n' "$sessions"
meeting=$(printf %s "$sessions" | member meetingId)
[ -n "$meeting" ] || exit 0
curl -fsS -H "Authorization: Bearer $token" "$server/feedback/$meeting?limit=5"
echo
curl -fsS -H "Authorization: Bearer $token" "$server/meetings/$meeting/report"
echo
