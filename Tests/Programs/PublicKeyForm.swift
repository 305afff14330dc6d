/// An RSA key's public half that takes no time to make, since nobody knows the other: text for `openssl asn1parse
/// -genconf`.
public func publicKeyForm(bits: Int) -> String {
    """
    asn1=SEQUENCE:spki
    [spki]
    algorithm=SEQUENCE:algorithm
    key=BITWRAP,SEQUENCE:key
    [algorithm]
    oid=OID:rsaEncryption
    parameters=NULL
    [key]
    n=INTEGER:0x\(String(repeating: "f", count: bits / 4))
    e=INTEGER:65537

    """
}
