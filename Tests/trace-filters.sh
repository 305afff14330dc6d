#!/bin/bash
# Which rules of the system call filters the real processes use: runs tests with the kernel's own trace of system calls
# switched on, and compares what was called after each filter came into force with the tables.
#
#   Tests/trace-filters.sh [FILTER]    tests to run, as `swift test --filter` takes them; GatewayTests otherwise
#
# Needs root, a kernel with CONFIG_FTRACE_SYSCALLS, and `swift build --build-tests` before. Prints rules that nothing
# used, with the reason that the table gives, and ends with status 1 when a call was made that no table has.
set -euo pipefail

cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo "only root can trace" >&2; exit 2; }
tracing=/sys/kernel/tracing
[ -e $tracing/events ] || mount -t tracefs none $tracing
[ -d $tracing/events/raw_syscalls ] || { echo "this kernel has no tracepoints for system calls" >&2; exit 2; }

work=$(mktemp -d)
instance=$tracing/instances/nlgate-$$
mkdir "$instance"
cleanup() {
    echo 0 >"$instance/tracing_on" || true
    [ -z "${reader:-}" ] || kill "$reader" 2>/dev/null || true
    wait 2>/dev/null || true
    for _ in 1 2 3 4 5; do rmdir "$instance" 2>/dev/null && break; sleep 0.2; done
    rm -rf "$work"
}
trap cleanup EXIT

echo 65536 >"$instance/buffer_size_kb"
# Only what this shell starts, and of that the gateways' processes; a child's name is a descriptor's number at first.
echo 1 >"$instance/options/event-fork"
echo 'comm ~ "nlgate*" || comm ~ "[0-9]*"' >"$instance/events/raw_syscalls/sys_enter/filter"
echo $$ >"$instance/set_event_pid"
echo 1 >"$instance/events/raw_syscalls/sys_enter/enable"
cat "$instance/trace_pipe" >"$work/trace" &
reader=$!

swift test --disable-xctest --skip-build --filter "${1:-GatewayTests}" >"$work/log" 2>&1 ||
    { grep '✘ Test ' "$work/log" | tail -20 >&2; echo "the tests failed; the result below is of what they did" >&2; }
sleep 2
echo 0 >"$instance/tracing_on"
lost=$(awk '/^(overrun|dropped events)/ { n += $NF } END { print n + 0 }' "$instance"/per_cpu/cpu*/stats)
[ "$lost" = 0 ] || echo "the trace lost $lost events: a rule may be listed as unused that was used" >&2

"$(swift build --show-bin-path)/confinement-probe" mode=tables >"$work/tables"
python3 - "$work/tables" "$work/trace" <<'PYTHON'
import collections, platform, re, sys

SECCOMP = {"x86_64": 317, "aarch64": 277}[platform.machine()]
CLONE3 = 435

rules = collections.defaultdict(list)  # (process, stage) -> (call, number, forms, reason)
for line in open(sys.argv[1]):
    process, stage, call, number, forms, reason = line.rstrip("\n").split("\t")
    forms = [[tuple(map(int, test.split(":"))) for test in form.split(",")] for form in forms.split(";") if form]
    rules[process, int(stage)].append((call, int(number), forms, reason))


def matches(form, arguments):
    return all(arguments[index] & mask == value for index, mask, value in form)


last = {process: max(s for p, s in rules if p == process) for process, _ in rules}
used = collections.Counter()  # (process, stage, call, form or None)
strangers = collections.Counter()
events = collections.Counter()  # (process, stage)


def take(process, stage, number, arguments):
    events[process, stage] += 1
    for call, wanted, forms, _ in rules[process, stage]:
        if wanted != number:
            continue
        hit = [i for i, form in enumerate(forms) if matches(form, arguments)]
        for index in hit or [None]:
            used[process, stage, call, index] += 1
        if forms and not hit and call != "tgkill":
            strangers[process, stage, call, str(arguments)] += 1
        return
    if number != CLONE3:  # answered ENOSYS
        strangers[process, stage, str(number), ""] += 1


entry = re.compile(r"^\s*(.{1,16})-(\d+)\s.*sys_enter: NR (\d+) \(([^)]*)\)")


def calls():
    for line in open(sys.argv[2], errors="replace"):
        if found := entry.match(line):
            yield found[1], int(found[2]), int(found[3]), found[4]


roles = {}
for name, pid, _, _ in calls():
    if name in last:
        roles[pid] = name
stages = collections.Counter()
for _, pid, number, text in calls():
    if not (process := roles.get(pid)):
        continue
    arguments = [int(a, 16) for a in text.split(",")]
    # Filters add up: a child lives under the supervisor's from its birth, and under each of its own.
    if process != "nlgated":
        take("nlgated", 1, number, arguments)
    for stage in range(1, min(stages[pid], last[process]) + 1):
        take(process, stage, number, arguments)
    # libseccomp asks for features without a program.
    if number == SECCOMP and arguments[0] == 1 and arguments[2]:
        stages[pid] += 1

for process in last:
    print(f"\n{process}")
    for stage in range(1, last[process] + 1):
        table = rules[process, stage]
        never = [(c, r) for c, _, _, r in table if not any(used[k] for k in list(used) if k[:3] == (process, stage, c))]
        seen = events[process, stage]
        print(f"  filter {stage}: {len(table)} rules, {len(table) - len(never)} used, in {seen} calls")
        if stage == last[process]:
            for call, reason in never:
                print(f"    never used: {call} ({reason})")
            for call, _, forms, _ in table:
                missing = [f for i, f in enumerate(forms) if not used[process, stage, call, i]]
                if missing and len(missing) < len(forms):
                    text = "; ".join(", ".join(f"{i}={v:#x}" for i, m, v in f) for f in missing)
                    print(f"    forms of {call} never used: {text}")
for (process, stage, call, arguments), count in strangers.items():
    print(f"NOT IN THE TABLE: {process}, filter {stage}: {call} {arguments} {count} times")
sys.exit(1 if strangers else 0)
PYTHON
