import Dispatch
import Foundation
import Testing

/// Ends the whole run when a test doesn't end, and says which: a run that hangs tells nothing.
struct HangGuard: SuiteTrait, TestTrait, TestScoping {
    private static let limit = 600.0

    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let name = test.displayName ?? test.name
        let alarm = DispatchWorkItem { fatalError("the test '\(name)' hangs: not over after \(Int(Self.limit)) s") }
        DispatchQueue.global().asyncAfter(deadline: .now() + Self.limit, execute: alarm)
        defer { alarm.cancel() }
        try await function()
    }
}
