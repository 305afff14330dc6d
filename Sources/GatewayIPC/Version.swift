/// The version of every program of the gateway, as WELCOME and `--version` say it.
public let nlgateVersion = "0.1.0"
