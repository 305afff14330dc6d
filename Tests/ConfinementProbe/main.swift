import Confinement
import Glibc
import LinuxSys

// A process that seals itself as one of the roles, then does one thing and says on descriptor 3 what came of it.
let options = Options(CommandLine.arguments)
run(options)
