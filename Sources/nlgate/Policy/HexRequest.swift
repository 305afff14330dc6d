import ArgumentParser
import GatewayPolicy
import PolicyFile
import Roles

/// `explain --hex`: what the broker would do with a datagram.
struct HexRequest {
    init(_ input: PolicyInput, _ query: ClientQuery, _ namespace: String?, _ protocolNumber: Int32) throws {
    }

    func run(_ hex: String, json: Bool) throws {
        throw Failure(2, "not yet")
    }
}
