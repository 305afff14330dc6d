/// Where the daemon's admin socket is when nothing else is said and the daemon is root.
public let usualAdminPath = "/run/nlgate/admin.sock"
