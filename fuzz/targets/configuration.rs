//! Runs `configuration` under the fuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hyperlog_fuzz::configuration::run(data));
