//! Any stream of events through the restorer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| waterwall_core::fuzz::stream(data));
