"""What is done with each piece of each document: PLAN for blocks, LINES for single command lines."""

INSIDE = 'deploy/deb/test-inside.sh'

# (document, what a block's first lines look like, what to do, more). The first row that fits counts; blocks without a
# row fail.
#   edge1, noc, ca: run the lines there. 'limit' ends a monitor.
#     'unrestricted' starts the daemon with that policy and fresh links before.
#   daemon: start the daemon by this line.
#   session: lines with prompts, run and compared with the answers below them; '# ' on edge1, '$ ' on the host that
#     stands in the row. A line '…' stands for any lines.
#   policy, config: must be valid; with a path, becomes that file of edge1. add: goes to the end of a policy, and then.
#   read by FILE: that test reads this document and runs it. openssl: a configuration of openssl ca. drawing: no command.
PLAN = [
    ('README.md', 'nlgate pki init pki*', 'noc', 'copy'),
    ('README.md', 'nlgated --listen*', 'daemon', ''),
    ('README.md', 'export NLGATE_HOST*', 'noc', 'limit'),
    ('README.md', 'nlgate addr add*', 'noc', 'unrestricted'),
    ('README.md', 'clients*', 'drawing', ''),
    ('README.md', 'import RemoteNetlink*', 'read by', 'Tests/RemoteNetlinkTests/DocumentationTests.swift'),
    ('docs/commands.md', 'nlgate link add br0*', 'noc', 'unrestricted'),
    ('docs/confinement.md', '# nlgate selftest*', 'session', 'edge1'),
    ('docs/first-ten-minutes.md', 'nlgate pki init*', 'noc', ''),
    ('docs/first-ten-minutes.md', '$ *', 'session', 'noc'),
    ('docs/first-ten-minutes.md', 'policy: 1*', 'policy', '/etc/nlgate/policy.yaml'),
    ('docs/first-ten-minutes.md', 'nlgate link set eth1 mtu 1400\nnlgate link*', 'noc', ''),
    ('docs/first-ten-minutes.md', 'nlgate link set eth1*--confirm*', 'noc', ''),
    ('docs/first-ten-minutes.md', 'cd /etc/nlgate*', 'edge1', ''),
    ('docs/first-ten-minutes.md', 'nlgate policy check*', 'edge1', ''),
    ('docs/operations.md', 'install *', 'edge1', ''),
    ('docs/pki.md', '[[]ca]*', 'openssl', ''),
    ('docs/pki.md', '*', 'ca', ''),
    ('docs/policy.md', 'policy: 1*bird*', 'policy', '/etc/nlgate/policy.yaml'),
    ('docs/policy.md', 'policy: 1*', 'policy', '/etc/nlgate/policy.yaml'),
    ('docs/policy.md', 'tests:*', 'add', '/etc/nlgate/policy.yaml'),
    ('docs/policy.md', '# nlgated --listen*', 'daemon', ''),
    ('docs/policy.md', '# nlgate policy explain*', 'session', 'edge1'),
    ('docs/policy.md', '*', 'session', 'noc'),
    ('docs/protocol.md', 'preface\n*', 'read by', 'deploy/verify-example.sh'),
    ('docs/protocol.md', 'WELCOME*', 'read by', 'deploy/verify-example.sh'),
    ('docs/pyroute2.md', '*', 'read by', 'Tests/GatewayTests/Dialects/PyroutePageTests.swift'),
    ('docs/rollback.md', 'nlgate link set eth0*', 'noc', 'unrestricted'),
    ('docs/rollback.md', 'try await*', 'read by', 'Tests/RemoteNetlinkTests/DocumentationTests.swift'),
    ('docs/*.md', 'config: 1*', 'config', ''),
    ('docs/*.md', 'policy: 1*', 'policy', ''),
    ('*', 'export NLGATE_HOST*', 'noc', 'limit'),
    ('*', '*', 'lines', ''),
]

# What others do meanwhile, before a block: (document, what the block's first lines look like, [(host, lines)]).
AS_BIRD = 'NLGATE_KEY=bird.key NLGATE_CERT=bird.crt '
BEFORE = [
    ('docs/first-ten-minutes.md', 'nlgate link set eth1*--confirm*', [
        ('edge1', 'ip addr add 203.0.113.1/24 dev eth1 && ip addr add 2001:db8::1/64 dev eth1'),
        ('edge1', 'ip route add 198.51.100.0/24 via 203.0.113.2')]),
    ('docs/policy.md', '# nlgate policy learn*', [
        ('edge1', 'nlgate policy apply'),
        ('noc', AS_BIRD + 'nlgate route && ' + AS_BIRD + 'nlgate route add 198.51.100.0/24 via 192.0.2.7 proto bird')]),
]

# (a command line, where it is tried, more). Lines of blocks are looked up here first, then mentions in sentences.
#   edge1, noc, ca: this in its place, when it has placeholders or needs other words to end; '' for the line itself. ROOT is this project's folder.
#   FILE: a test runs it: the text must be in that file. copy: the files are copied without a network.
#   start, reload, restart: what systemd does with the daemon is done by hand, and the tests under systemd have this text.
#   target: a target of the Makefile. name: other words for a program, not a command line.
#   nobody: tried by nobody, with the reason; each is printed at the end.
LINES = [
    ('nlgate exec --host tls:*', 'noc', ''),
    ('nlgate route table all dev eth0', 'noc', ''),
    ('nlgate addr show dev eth0', 'noc', ''),
    ('nlgate neigh dev eth0 nud stale', 'noc', ''),
    ('nlgate link type bridge', 'noc', ''),
    ('nlgate --generate-completion-script zsh', 'ca', ''),
    ('nlgate COMMAND --help', 'noc', 'nlgate link --help'),
    ('nlgate monitor [[]GROUP…]', 'noc', 'timeout 1 nlgate monitor link route || [ $? = 124 ]'),
    ('nlgate taskstats --pid N', 'noc', 'nlgate taskstats --pid 1'),
    ('nlgated --limit NAME=VALUE', 'edge1', 'nlgated --print-config --listen unix://$PWD/socket --limit sessions=10'),
    ('nlgate policy check FILE', 'ca', 'nlgate policy check ROOT/policy/read-only.yaml'),
    ('nlgate pki revoke pki noc-7', 'noc', ''),
    ('nlgate pki crl edge', 'ca', 'nlgate pki crl edge --ca-passphrase-file ca.pass'),
    ('nlgate pki revoke root "Example Edge CA"', 'ca',
     'nlgate pki revoke root "Example Edge CA" --ca-passphrase-file ca.pass'),
    ('nlgate tunnel --listen unix:///path *', 'noc',
     'timeout 1 nlgate tunnel --listen unix://$PWD/tunnel -H tls://edge1.example.net:7000 || [ $? = 124 ]'),
    ('nlgated --cert tls.crt --key tls.key --ca ca.crt --client-ca …', 'ca',
     'nlgated --check --listen tls://127.0.0.1:7001 --cert pki/server/edge1.example.crt '
     '--key pki/server/edge1.example.key --ca pki/ca.crt --client-ca pki/ca.crt --admin none --audit -'),
    ('nlgate --key-passphrase-file', 'noc', 'nlgate link list --help | grep -e --key-passphrase-file'),
    ('nlgated --policy', 'edge1', 'nlgated --help | grep -e --policy'),
    ('openssl x509 -in server.crt -noout -issuer', 'edge1', ''),
    ('openssl ca', 'name', ''),
    ('ss -ltn', 'edge1', ''),
    ("ss -ltnp 'sport = :7000'", 'edge1', ''),
    ('ss -s', 'name', ''),
    ('python3 docs/wire-example.py /path/of.sock', 'deploy/verify-example.sh', 'python3 docs/wire-example.py "$work/s.sock"'),
    ('scp *', 'copy', ''),
    ('make *', 'target', ''),
    ('sudo make install', 'deploy/deb/build.sh', 'make --no-print-directory -s install DIST='),
    ('systemctl enable --now nlgated', 'start', 'systemctl enable --now nlgated'),
    ('systemctl reload nlgated', 'reload', 'systemctl reload nlgated'),
    ('systemctl restart nlgated', 'restart', 'systemctl restart nlgated'),
    ('systemctl status', 'name', ''),
    ('systemctl status nlgated', INSIDE, 'systemctl status '),
    ('systemd-analyze security', INSIDE, 'systemd-analyze security --offline=true'),
    ('apt install ./nlgate_*.deb', INSIDE, 'apt-get install --yes -o Dpkg::Use-Pty=0'),
    ('dpkg -P nlgate', INSIDE, 'dpkg -P nlgate'),
    # The journal is empty here: what is learnt from is in the socket of a journal.
    ('journalctl -u nlgated -o cat | nlgate policy learn - --client noc', 'edge1',
     'cat of-journal | nlgate policy learn - --client noc'),
    ('journalctl -u nlgated -p warning', INSIDE, 'lines() { journalctl -u nlgated "$@"'),
    ('journalctl NLGATE_EVENT=denied *', INSIDE, 'journalctl NLGATE_EVENT=denied NLGATE_CLIENT=noc'),
    ('podman run --network *', 'deploy/oci/test.sh', ' --read-only --cap-drop all\n    --cap-add SYS_ADMIN,NET_ADMIN,SETUID,SETGID,SETPCAP,KILL'),
    ('man *', 'manual', ''),
]
