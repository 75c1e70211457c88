//! Any text through the detectors.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| waterwall_core::fuzz::detect(data));
