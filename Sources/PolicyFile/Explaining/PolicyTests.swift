internal import GatewayPolicy
internal import Roles

/// Runs the tests that stand in the file.
extension Explainer {
    /// The outcomes, with the bytes where the request of each stands; requests that mean nothing are left out.
    func testOutcomes() -> [(outcome: TestOutcome, range: Range<Int>)] {
        policy.model.tests.compactMap { test in
            guard let request = try? Request(test.request.value) else { return nil }
            let namespace = test.namespace?.value ?? PolicyTables.ownNamespace
            let clients: Set = [test.client.value]
            var explanation = explain(clients, request, in: namespace, nearMisses: false)
            // A part that passes is neither allowed nor denied.
            let passed = test.expectsAllow ? explanation.passes : explanation.decision == .denied
            if !passed { explanation = explain(clients, request, in: namespace) }
            let outcome = TestOutcome(
                position: position(test.range) ?? .start, client: test.client.value, request: test.request.value,
                expectsAllow: test.expectsAllow, passed: passed, explanation: explanation)
            return (outcome, test.request.range)
        }
    }

    /// Says of each test that fails what decided.
    func reportTests(_ collector: DiagnosticCollector) {
        for test in policy.model.tests {
            do throws(NameError) {
                _ = try Request(test.request.value)
            } catch {
                collector.error(test.request.range, error.message, hint: error.hint)
            }
        }
        for (outcome, range) in testOutcomes() where !outcome.passed {
            let found = outcome.expectsAllow ? "is denied" : outcome.explanation.decision.found
            let why = outcome.explanation.reasons.first.map { reason in
                let place = reason.position.map { "line \($0.line), " } ?? ""
                return place + (reason.role.map { "role \($0): " } ?? "") + reason.text
            }
            collector.error(
                range, "test failed: \(outcome.request.shortened) \(found) to \(outcome.client)",
                hint: outcome.explanation.decision == .partial ? "single and dump differ; name one" : why)
        }
    }
}

extension Explanation.Decision {
    fileprivate var found: String {
        switch self {
        case .allowed: "is granted"
        case .conditional: "is granted under a condition"
        case .reported: "is let through by the ceiling"
        case .partial: "is granted in part"
        case .denied: "is denied"
        }
    }
}
