import GatewayURL
import Testing

@Suite struct URLTests {
    struct Good: Sendable {
        var text: String
        var scheme: GatewayURL.Scheme
        var host: String
        var port: UInt16 = 0
        var isAbstract = false
        var namespace: String?
        var mode: UInt32?
        /// nil: the same text.
        var canonical: String?
    }

    @Test(arguments: [
        Good(text: "tls://host.example:7000", scheme: .tls, host: "host.example", port: 7000),
        Good(text: "ssl://host:7000", scheme: .tls, host: "host", port: 7000, canonical: "tls://host:7000"),
        Good(text: "tcp://127.0.0.1:1", scheme: .tcp, host: "127.0.0.1", port: 1),
        Good(text: "tls://[::1]:65535", scheme: .tls, host: "::1", port: 65_535),
        Good(text: "tls://[fe80::1%eth0]:7000", scheme: .tls, host: "fe80::1%eth0", port: 7000),
        Good(text: "tls://h:7000/blue", scheme: .tls, host: "h", port: 7000, namespace: "blue"),
        Good(text: "tls://h:7000/", scheme: .tls, host: "h", port: 7000, canonical: "tls://h:7000"),
        Good(text: "unix:///run/nlgate.sock", scheme: .unix, host: "/run/nlgate.sock"),
        Good(text: "unix://@name", scheme: .unix, host: "name", isAbstract: true),
        Good(text: "unix:///a?netns=blue", scheme: .unix, host: "/a", namespace: "blue"),
        Good(text: "unix:///a?mode=0660", scheme: .unix, host: "/a", mode: 0o660),
        Good(text: "unix:///a?mode=666", scheme: .unix, host: "/a", mode: 0o666, canonical: "unix:///a?mode=0666"),
        Good(text: "unix:///a?netns=b&mode=0600", scheme: .unix, host: "/a", namespace: "b", mode: 0o600),
        Good(text: "unix://@n?netns=b", scheme: .unix, host: "n", isAbstract: true, namespace: "b"),
    ])
    func `a good URL`(good: Good) throws {
        let url = try GatewayURL(good.text)
        #expect(url.scheme == good.scheme)
        #expect(url.host == good.host)
        #expect(url.port == good.port)
        #expect(url.isAbstract == good.isAbstract)
        #expect(url.networkNamespace == good.namespace)
        #expect(url.mode == good.mode)
        #expect(url.description == good.canonical ?? good.text)
        #expect(try GatewayURL(url.description) == url)
    }

    struct Bad: Sendable {
        var text: String
        var reason: String

        init(_ text: String, _ reason: String) {
            self.text = text
            self.reason = reason
        }
    }

    @Test(arguments: [
        Bad("", "a URL is needed"), Bad("host:7000", "a URL is needed"), Bad("tls:/host:7000", "a URL is needed"),
        Bad("http://host:7000", "unknown scheme http://"), Bad("TLS://host:7000", "unknown scheme TLS://"),
        Bad("://host:7000", "unknown scheme"),
        Bad("tls://host", "a port is missing"), Bad("tls://host:", "a port is missing"),
        Bad("tls://host:0", "a port is missing"), Bad("tls://host:65536", "a port is missing"),
        Bad("tls://host:-1", "a port is missing"), Bad("tls://host:7000x", "a port is missing"),
        Bad("tls://[::1]", "a port is missing"), Bad("tls://", "a port is missing"),
        Bad("tls://::1:7000", "brackets"), Bad("tls://[::1:7000", "brackets"),
        Bad("tls://:7000", "host is missing"), Bad("tls://[]:7000", "host is missing"),
        Bad("tls://a b:7000", "characters"), Bad("tls://h\u{e9}:7000", "characters"),
        Bad("tcp://a\u{0}:1", "characters"),
        Bad("tls://h:7000?netns=a", "takes no query"), Bad("tcp://h:7000#a", "takes no query"),
        Bad("tls://h:7000/a/b", "not a file name"), Bad("tls://h:7000/..", "not a file name"),
        Bad("tls://h:7000/a b", "not a file name"),
        Bad("unix://", "absolute path"), Bad("unix://relative", "absolute path"), Bad("unix://@", "absolute path"),
        Bad("unix:///" + String(repeating: "a", count: 107), "107 bytes"),
        Bad("unix:///a\u{0}b", "107 bytes"),
        Bad("unix:///a?mode=888", "octal"), Bad("unix:///a?mode=1777", "octal"), Bad("unix:///a?mode=", "octal"),
        Bad("unix:///a?netns=", "not a file name"), Bad("unix:///a?netns=.", "not a file name"),
        Bad("unix:///a?color=red", "?netns=NAME"), Bad("unix:///a?mode", "?netns=NAME"),
        Bad("unix://@a?mode=0660", "?netns=NAME"),
    ])
    func `a bad URL says what is wrong`(bad: Bad) {
        let error = #expect(throws: GatewayURLError.self) { try GatewayURL(bad.text) }
        #expect(error?.url == bad.text)
        #expect(error?.reason.contains(bad.reason) == true, "\(String(describing: error))")
        #expect(error?.description == "\(bad.text): \(error?.reason ?? "")")
    }

    @Test func `a path may have 107 bytes`() throws {
        let path = "/" + String(repeating: "a", count: 106)
        #expect(try GatewayURL("unix://" + path).host == path)
    }

    @Test func `names of namespaces are file names`() {
        for name in ["a", "blue-1", "...", String(repeating: "n", count: 255)] { #expect(isNamespaceName(name)) }
        for name in ["", ".", "..", "a/b", "a b", "a\n", "\u{e9}", String(repeating: "n", count: 256)] {
            #expect(!isNamespaceName(name), "\(name)")
        }
    }
}
