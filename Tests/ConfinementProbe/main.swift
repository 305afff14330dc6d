import Confinement
import LinuxSys

// A process that seals itself as one of the roles, does one thing, and says on descriptor 3 what came of it.
let options = Options(CommandLine.arguments)
switch options["mode"] {
case "matrix": runMatrix(options)
case "parent": runParent(options)
case "supervisor": runSupervisor(options)
case "exec": runWithEnvironment(options)
case "tables": printTables()
default: runSealed(options)
}
