import Glibc

/// A list of C strings that ends with nil, as exec takes it.
@safe package final class CStrings {
    /// The list; it lives as long as this object.
    package let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    /// Copies the strings.
    package init(_ strings: [String]) {
        count = strings.count
        unsafe pointers = .allocate(capacity: strings.count + 1)
        for (index, string) in strings.enumerated() {
            // SAFETY: the index is below the capacity; strdup's memory is freed in deinit.
            unsafe (pointers + index).initialize(to: strdup(string))
        }
        unsafe (pointers + strings.count).initialize(to: nil)
    }

    deinit {
        // SAFETY: every element was initialised and came from strdup.
        for index in 0..<count { unsafe free(pointers[index]) }
        unsafe pointers.deallocate()
    }
}
