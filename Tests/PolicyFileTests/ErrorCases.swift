/// Files that can't be read, and clients.
extension ErrorTests {
    static let reading = [
        Case(
            "",
            "1:1 the file is empty; a policy begins with 'policy: 1'"),
        Case(
            "# nothing\n",
            "1:1 the file is empty; a policy begins with 'policy: 1'"),
        Case(
            "\u{feff}policy: 1",
            "1:1 a byte order mark; save the file as UTF-8 without one"),
        Case(
            "policy: 1\npolicy: 1",
            "2:1 duplicate key policy; it stands in line 1 already"),
        Case(
            "policy: 1\nroles:\n  a: {}\n  b: {}\n  a: {}\n  b: {}\n",
            "5:3 duplicate key a; it stands in line 3 already",
            "6:3 duplicate key b; it stands in line 4 already"),
        Case(
            "policy: 1\nroles: { a: {}, 'a': {} }",
            "2:17 duplicate key a; it stands in line 2 already"),
        Case(
            "policy: &x 1",
            "1:9 a YAML anchor, which a policy doesn't have; use include to share what roles have in common"),
        Case(
            "policy: 1\nroles: *all",
            "2:8 a YAML alias, which a policy doesn't have; a name that begins with '*' has to be in quotes"),
        Case(
            "policy: 1\nroles: { a: { where: { interface: [*] } } }",
            "2:36 a YAML alias, which a policy doesn't have; a name that begins with '*' has to be in quotes"),
        Case(
            "policy: !!int 1",
            "1:9 a YAML tag, which a policy doesn't have; remove it, or put the value in quotes"),
        Case(
            "policy: 1\nroles: |\n  text",
            "2:8 a YAML block text, which a policy doesn't have; write the value on one line"),
        Case(
            "policy: 1\n? a\n: b",
            "2:1 a YAML complex key, which a policy doesn't have; write 'key: value'"),
        Case(
            "%YAML 1.2\n---\npolicy: 1",
            "1:1 a YAML directive; remove it"),
        Case(
            "policy: 1\n---\npolicy: 1",
            "2:1 a second document; a policy is one document without '---' or '...' inside"),
        Case(
            "policy: 1\n...\n",
            "2:1 a second document; a policy is one document without '---' or '...' inside"),
        Case(
            "policy: 1\n\troles: {}",
            "2:1 a tab in the indentation; use spaces"),
        Case(
            "policy: 1\nroles: {",
            "2:8 '{' is never closed"),
        Case(
            "policy: 1\nroles: ]",
            "2:8 ']' closes nothing"),
        Case(
            "policy: 1\nroles: { a: [ } }",
            "2:15 '}' doesn't close '['"),
        Case(
            "policy: \"1",
            "1:9 a quote that isn't closed on its line"),
        Case(
            "policy: 1\nroles:\n  a: {}\n   b: {}",
            "4:4 this is not YAML: did not find expected key while parsing a block mapping of line 3; look at the indentation, colons and quotes"
        ),
        Case(
            "policy: 1\nroles: {}\n  x",
            "3:3 this is not YAML: did not find expected key while parsing a block mapping of line 1; look at the indentation, colons and quotes"
        ),
        Case(
            "policy: 1\nroles:\n  a\n  b: {}",
            "4:4 this is not YAML: mapping values are not allowed in this context; look at the indentation, colons and quotes"
        ),
        Case(
            "policy: 1\nroles: { [a]: {} }",
            "2:10 a list where a key belongs"),
        Case(
            "policy: 1 # é\nroles: { ä: {}, \u{200b}b: {} }",
            "2:17 an invisible character U+200B; remove it"),
        Case(
            "policy: 1\u{7}",
            "1:10 a control character U+0007; remove it"),
        Case(
            "policy: 1\rroles: {}",
            "1:10 a control character U+000D; remove it"),
        Case(
            "policy: 1\nroles: { a: { where: { destination-in: [::/0] } } }",
            "2:41 a value that begins with ':'; put it in quotes"),
        Case(
            "policy: 1\nroles:\n  <<: {}\n",
            "3:3 '<<' can't be a name of roles; letters, digits and -_.@+, at most 64"),
        Case(
            "policy:",
            "1:1 nothing stands behind policy; give it a value or remove the key"),
        Case(
            "- policy: 1",
            "1:1 a list where a policy belongs; write 'key: value'"),
        Case(
            "policy: [1]",
            "1:9 a list where the version belongs"),
        Case(
            "policy: 1\nroles: [[[[[[[[[1]]]]]]]]]",
            "2:16 brackets are nested too deep"),
        Case(
            "policy: 1\n" + String(repeating: " ", count: 70) + "x: 1",
            "2:71 this is indented too deep"),
        Case(
            "policy: 1\n# " + String(repeating: "x", count: 4100),
            "2:1 a line is longer than 4096 bytes"),
        Case(
            "policy: 1\nroles: ~",
            "2:1 nothing stands behind roles; give it a value or remove the key"),
        Case(
            "policy: 1\nclients: { a: { common-name: one\n  two } }",
            "2:30 a value that goes on in the next line; write it on one line"),
    ]

    static let clients = [
        Case(
            "policy: 1\nclients: { a: { commonname: x } }",
            "2:17 unknown key commonname in a client; did you mean common-name?"),
        Case(
            "policy: 1\nclients: { a: { serial: 1 } }",
            "2:17 unknown key serial in a client; a client can have fingerprint, common-name, issuer, san-dns, san-uri, san-email, uid, gid, anonymous"
        ),
        Case(
            "policy: 1\nclients: { a: { uid: 0, common-name: x } }",
            "2:25 uid and common-name in one client, which nobody can be; make two clients of it"),
        Case(
            "policy: 1\nclients: { a: {} }",
            "2:15 a client that everybody would be; give it a key"),
        Case(
            "policy: 1\nclients: { a: { anonymous: false } }",
            "2:28 'false' where anonymous can only be true; leave the key out otherwise"),
        Case(
            "policy: 1\nclients: { a: { uid: root } }",
            "2:22 'root' is no uid; a number from 0 to 4294967294"),
        Case(
            "policy: 1\nclients: { a: { uid: 4294967295 } }",
            "2:22 '4294967295' is no uid; a number from 0 to 4294967294"),
        Case(
            "policy: 1\nclients: { a: { gid: 007 } }",
            "2:22 '007' is no gid; a number from 0 to 4294967294"),
        Case(
            "policy: 1\nclients: { a: { fingerprint: 77aa } }",
            "2:30 this is not a fingerprint; 'sha256:' and 64 hexadecimal digits, colons allowed"),
        Case(
            "policy: 1\nclients: { a: { issuer: /C=DE/CN=Ops } }",
            "2:25 an issuer in OpenSSL's old form; RFC 4514 writes it CN=Ops,C=DE"),
        Case(
            "policy: 1\nclients: { a: { issuer: \"CN=Ops, C=DE\" } }",
            "2:25 a space at a comma, which RFC 4514 doesn't write; remove it; texts are compared"),
        Case(
            "policy: 1\nclients: { a: { issuer: Ops } }",
            "2:25 this is not a name as RFC 4514 writes it; as in CN=Ops CA,O=Example"),
        Case(
            "policy: 1\nclients: { a: { issuer: \"CN=a;b\" } }",
            "2:25 ';' in an issuer; RFC 4514 writes \\;"),
        Case(
            "policy: 1\nclients: { a: { common-name: \"\" } }",
            "2:30 common-name is empty"),
        Case(
            "policy: 1\nclients: { a: { common-name: \"a\\nb\" } }",
            "2:30 common-name has a control character"),
        Case(
            "policy: 1\nclients: { \"a b\": { uid: 1 } }",
            "2:12 'a b' can't be a name of clients; letters, digits and -_.@+, at most 64"),
        Case(
            "policy: 1\nclients: [a]",
            "2:10 a list where clients belongs; write 'key: value'"),
        Case(
            "policy: 1\nclients: { a: { common-name: [x] } }",
            "2:30 a list where common-name belongs"),
    ]
}
