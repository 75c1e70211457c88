//! What the process asks of the system: to keep its memory, which holds secrets, to itself; and
//! enough file descriptors; and to be told of a file that may not grow by an error alone.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rustix::process::{
    DumpableBehavior, Resource, Rlimit, Signal, getrlimit, set_dumpable_behavior, setrlimit,
};

/// No core dumps, and no other process of this user may attach to or read from this one.
pub(super) fn protect_memory() {
    if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        tracing::warn!(%error, "memory stays readable to other processes of this user");
    }
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    // A service's sandbox sets the limits itself, and may forbid to set them.
    if getrlimit(Resource::Core) != none
        && let Err(error) = setrlimit(Resource::Core, none)
    {
        tracing::warn!(%error, "core dumps stay enabled");
    }
}

/// As many descriptors as allowed: an exchange takes two, and the usual soft limit is 1,024.
pub(super) fn allow_many_connections() {
    let limit = getrlimit(Resource::Nofile);
    let most = Rlimit { current: limit.maximum, ..limit };
    if limit != most
        && let Err(error) = setrlimit(Resource::Nofile, most)
    {
        tracing::warn!(%error, "the number of connections stays limited");
    }
}

/// A file that has reached its size limit is a failed write, not the end of the gateway: the signal that
/// comes with it kills who does not catch it.
///
/// # Errors
/// When it cannot be caught.
pub(super) fn outlive_size_limits() -> io::Result<()> {
    signal_hook::flag::register(Signal::XFSZ.as_raw(), Arc::new(AtomicBool::new(false))).map(drop)
}
