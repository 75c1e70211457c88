//! Integration tests: the built binary and real sockets on loopback.

/// The verbs of the command line, their output and their exit codes.
mod cli;
