//! Stands in for `libz-ng-sys`, which pingora-core asks for through flate2 and which needs cmake
//! to build. The same interface comes from `libz-sys`, whose bundled zlib needs no more than the
//! C compiler that aws-lc asks for as well. See `docs/adr/0002-no-cmake.md`.

pub use libz_sys::*;
