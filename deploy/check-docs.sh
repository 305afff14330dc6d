#!/usr/bin/env bash
# Checks what the documents claim and a script can see: links between files, and the tests that SECURITY.md names.
set -euo pipefail
cd "$(dirname "$0")/.."
failures=0
complain() {
    echo "check-docs: $*" >&2
    failures=$((failures + 1))
}

# Relative links lead to files.
for document in *.md docs/*.md; do
    while IFS= read -r target; do
        target=${target%%#*}
        [ -z "$target" ] || [ -e "$(dirname "$document")/$target" ] || complain "$document links to $target, which isn't there"
    done < <(grep -oE '\]\([^)]+\)' "$document" | sed -E 's/^\]\(//; s/\)$//' | grep -vE '^[a-z]+:' || true)
done

# Every test in the table exists, and every id that the text uses has a row.
rows=0
while IFS='|' read -r _ id folder name _; do
    id=${id// /} folder=${folder// /} name=$(sed 's/^ *//; s/ *$//' <<<"$name")
    rows=$((rows + 1))
    grep -rqF "func \`$name\`(" "Tests/$folder" || complain "SECURITY.md names the test '$name' ($id), which isn't in Tests/$folder"
done < <(grep -E '^\| [A-Z][0-9]+ \|' SECURITY.md)
[ "$rows" -gt 0 ] || complain "SECURITY.md has no table of tests"
for id in $(grep -oE '\[[A-Z][0-9]+\]' SECURITY.md | tr -d '[]' | sort -u); do
    grep -q "^| $id |" SECURITY.md || complain "SECURITY.md uses [$id] without naming the test"
done
for id in $(grep -oE '^\| [A-Z][0-9]+ \|' SECURITY.md | tr -d '| ' | sort -u); do
    grep -q "\[$id\]" SECURITY.md || complain "SECURITY.md names a test [$id] that its text doesn't use"
done

# Limits: the table and the daemon's source have the same names and values.
while IFS= read -r name; do
    grep -q "^| \`$name\` |" docs/limits.md || complain "docs/limits.md lacks the limit $name"
done < <(sed -n 's/.*Entry("\([a-z-]*\)".*/\1/p' Sources/nlgated/Limits.swift)

# Pictures can be read by programs and by people who don't see them, and the one of the processes has all of them.
python3 deploy/check-pictures.py || complain "a picture is not as it should be"

# What is named exists.
python3 deploy/check-names.py || complain "something is named that isn't there"

# Messages that are quoted are said.
python3 deploy/check-messages.py || complain "a message is quoted that no program says"

[ "$failures" -eq 0 ] || exit 1
echo "check-docs: links, $rows named tests and the limits are there"
