//! Numbers as JSON: integers to the last digit, floats that read back the same, and words for those that JSON has not.

use hyperlog_core::{FieldSet, Json, Level, Logger, Memory, Output, ToValue, fields, info, list};
use proptest::prelude::*;
use std::time::Duration;

/// What stands behind the key `n`: logged, bound, in a list, and by a macro's typed road.
fn written(value: impl ToValue) -> String {
    let memory = Memory::new();
    let logger = Logger::builder().output(Output::new(Json::new(), memory.clone())).build().unwrap();
    let fields = FieldSet::new().with("n", &value);
    info!(logger: logger, n = value, "logged");
    logger.log(Level::INFO, "logged", &fields);
    info!(logger: logger.with(fields!(n = value)), "logged");
    let texts: Vec<String> = memory
        .text()
        .lines()
        .map(|line| {
            let line = line.strip_suffix('}').unwrap();
            line.split_once("\"n\":").unwrap_or_else(|| panic!("{line}")).1.to_owned()
        })
        .collect();
    assert!(texts.iter().all(|text| *text == texts[0]), "{texts:?}");
    info!(logger: logger, list = list(&[value]), "logged");
    let text = memory.text();
    assert!(text.ends_with(&format!("\"list\":[{}]}}\n", texts[0])), "{text}");
    for line in text.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
    texts[0].clone()
}

#[test]
fn integers_are_exact() {
    fn check(value: impl ToValue + std::fmt::Display) {
        let expected = value.to_string();
        assert_eq!(written(value), expected);
    }
    check(0);
    check(-1);
    check(i8::MIN);
    check(u8::MAX);
    check(i64::MIN);
    check(i64::MAX);
    check(u64::MAX);
    check((1_u64 << 53) + 1);
    check(i128::MIN);
    check(i128::MAX);
    check(i128::from(u64::MAX) + 1);
    check(u128::MAX);
    check(0_u128);
    check(usize::MAX);
    check(isize::MIN);
    check(std::num::NonZero::<u16>::MAX);
    check(std::num::Wrapping(i32::MIN));
}

#[test]
fn floats_that_json_has_not_are_words() {
    assert_eq!(written(f64::NAN), "\"NaN\"");
    assert_eq!(written(-f64::NAN), "\"NaN\"");
    assert_eq!(written(f32::NAN), "\"NaN\"");
    assert_eq!(written(f64::INFINITY), "\"Infinity\"");
    assert_eq!(written(f64::NEG_INFINITY), "\"-Infinity\"");
    assert_eq!(written(f32::NEG_INFINITY), "\"-Infinity\"");
}

#[test]
fn floats_read_back_the_same() {
    let check = |value: f64| {
        let text = written(value);
        assert_eq!(text.parse::<f64>().unwrap().to_bits(), value.to_bits(), "{text}");
    };
    for value in
        [0.0, -0.0, 0.1, 1.0, -1.5, 1e21, 1e-7, f64::MIN_POSITIVE, f64::MIN_POSITIVE / 2.0, f64::MAX, f64::EPSILON]
    {
        check(value);
    }
    assert_eq!(written(0.1_f32), "0.1");
    assert_eq!(written(f32::MAX).parse::<f32>().unwrap(), f32::MAX);
}

#[test]
fn spans_of_time_are_numbers_of_milliseconds() {
    let check = |value: Duration, expected: &str| {
        let memory = Memory::new();
        let logger = Logger::builder().output(Output::new(Json::new(), memory.clone())).build().unwrap();
        info!(logger: logger, n = value, "logged");
        assert!(memory.text().ends_with(&format!(",\"n_ms\":{expected}}}\n")), "{}", memory.text());
    };
    check(Duration::ZERO, "0");
    check(Duration::from_nanos(1), "0.000001");
    check(Duration::from_millis(1_500), "1500");
    check(Duration::MAX, "18446744073709551615999.999999");
}

proptest! {
    #[test]
    fn any_integer_is_exact(small in any::<i64>(), large in any::<u64>(), huge in any::<i128>(), vast in any::<u128>()) {
        prop_assert_eq!(written(small), small.to_string());
        prop_assert_eq!(written(large), large.to_string());
        prop_assert_eq!(written(huge), huge.to_string());
        prop_assert_eq!(written(vast), vast.to_string());
    }

    #[test]
    fn any_float_reads_back_the_same(bits in any::<u64>()) {
        let value = f64::from_bits(bits);
        prop_assume!(value.is_finite());
        prop_assert_eq!(written(value).parse::<f64>().unwrap().to_bits(), bits);
    }
}
