//! Values that serialize themselves, as they leave: held against what `serde_json` makes of them, and against hostile ones.
#![cfg(feature = "serde")]

use hyperlog_core::{Captured, CapturedValue, Json, Limits, Logger, Memory, Output, info, serde};
use serde::ser::{Error as _, SerializeMap as _, SerializeSeq as _};
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// What the field `value` of a record becomes as JSON.
fn logged(value: &impl Serialize) -> serde_json::Value {
    let memory = Memory::new();
    let output = Output::new(Json::new(), memory.clone());
    let logger = Logger::builder().limits(Limits::default().depth(100)).output(output).build().unwrap();
    info!(logger: logger, value = serde(value), "logged");
    assert!(logger.health().iter().all(|health| health.is_conserved() && health.dropped_total() == 0));
    let text = memory.text();
    assert_eq!(text.matches('\n').count(), 1, "{text}");
    serde_json::from_str::<serde_json::Value>(&text).unwrap()["value"].take()
}

#[derive(Serialize)]
struct Unit;
#[derive(Serialize)]
struct Newtype(u32);
#[derive(Serialize)]
struct Pair(u32, &'static str);
#[derive(Serialize)]
struct Named {
    id: u64,
    tags: Vec<&'static str>,
    inner: Option<Box<Named>>,
}
#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
enum Shape {
    Point,
    Circle(u32),
    Line(u32, u32),
    Box { width: u32, height: u32 },
}
#[derive(Serialize)]
struct Flat {
    own: bool,
    #[serde(flatten)]
    others: BTreeMap<&'static str, i64>,
}

#[test]
fn every_kind_of_value_becomes_what_serde_json_makes_of_it() {
    fn check(value: impl Serialize) {
        assert_eq!(logged(&value), serde_json::to_value(&value).unwrap());
    }
    check(true);
    check((i8::MIN, i16::MIN, i32::MIN, i64::MIN));
    check((u8::MAX, u16::MAX, u32::MAX, u64::MAX));
    check((1.5_f32, -2.5_f64, 'é', "text \" \n \\ \u{2028}"));
    check([Some(1), None]);
    check((Some(Some(2)), ()));
    check(Unit);
    check(Newtype(7));
    check(Pair(7, "seven"));
    let inner = Named { id: 2, tags: vec![], inner: None };
    check(Named { id: 1, tags: vec!["a", "b"], inner: Some(Box::new(inner)) });
    check([Shape::Point, Shape::Circle(1), Shape::Line(1, 2), Shape::Box { width: 3, height: 4 }]);
    check(Flat { own: true, others: BTreeMap::from([("a", 1), ("b", -1)]) });
    check(BTreeMap::from([("a", vec![1]), ("b", vec![])]));
    check(BTreeMap::from([(1_u8, "integers"), (2, "as keys")]));
    check(BTreeMap::from([('x', "characters")]));
    check(BTreeMap::from([(Shape::Point, "variants")]));
    check(BTreeMap::from([(true, "bools")]));
    check(vec![BTreeMap::<String, ()>::new()]);
    check(format_args!("formatted {}", 1));
    check(std::net::Ipv4Addr::LOCALHOST);
}

#[test]
fn integers_beyond_64_bits_keep_every_digit() {
    let memory = Memory::new();
    let logger = Logger::builder().output(Output::new(Json::new(), memory.clone())).build().unwrap();
    info!(logger: logger, value = serde(&(i128::MIN, u128::MAX)), "logged");
    assert!(memory.text().contains(&format!("\"value\":[{},{}]", i128::MIN, u128::MAX)), "{}", memory.text());
}

#[test]
fn keys_that_are_no_text_are_written_as_one() {
    let pairs = BTreeMap::from([((1, 2), "pair")]);
    assert_eq!(logged(&pairs), serde_json::json!({"[1,2]": "pair"}));
    let nested = BTreeMap::from([(Shape::Box { width: 1, height: 2 }, 0), (Shape::Line(1, 2), 1)]);
    assert_eq!(logged(&nested), serde_json::json!({"{Line:[1,2]}": 1, "{Box:{width:1,height:2}}": 0}));
    assert_eq!(logged(&BTreeMap::from([((), 1)])), serde_json::json!({"null": 1}));
}

#[test]
fn bytes_are_text_as_far_as_they_can_be() {
    struct Bytes(&'static [u8]);
    impl Serialize for Bytes {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bytes(self.0)
        }
    }
    assert_eq!(logged(&Bytes(b"caf\xc3\xa9\xff")), "café\\xff");
}

#[test]
fn what_a_key_hides_is_hidden_at_any_depth() {
    #[derive(Serialize)]
    struct Account {
        name: &'static str,
        password: &'static str,
        sessions: Vec<BTreeMap<&'static str, &'static str>>,
        note: &'static str,
    }
    let account = Account {
        name: "ann",
        password: "canary-1",
        sessions: vec![BTreeMap::from([("api_key", "canary-2"), ("device", "phone")])],
        note: "Authorization: Bearer canary-3-0123456789",
    };
    let (logger, captured) = Logger::capture();
    info!(logger: logger, user = serde(&account), password = serde(&account), "signed in");
    let record = captured.only();
    assert_eq!(record.text("password"), "[REDACTED]");
    let shown = format!("{record} {record:?}");
    assert!(!shown.contains("canary") && shown.contains("ann") && shown.contains("phone"), "{shown}");
}

#[test]
fn a_rule_for_a_path_reaches_into_a_serialized_value() {
    let redaction = hyperlog_core::Redaction::builder().hide("user.*.street").build().unwrap();
    let (logger, captured) = Logger::capture_with(|builder| builder.redaction(redaction));
    let user = BTreeMap::from([("home", BTreeMap::from([("street", "canary"), ("city", "Bonn")]))]);
    info!(logger: logger, user = serde(&user), other = serde(&user), "moved");
    let shown = |key| format!("{:?}", captured.only().get(key));
    assert!(!shown("user").contains("canary") && shown("user").contains("Bonn"), "{}", shown("user"));
    assert!(shown("other").contains("canary"), "the rule names a path from the root");
}

struct Fails;
impl Serialize for Fails {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom("canary"))
    }
}

struct Panics;
impl Serialize for Panics {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("canary")
    }
}

/// Begins a list or a map, and leaves it half done.
struct Half(&'static str);
impl Serialize for Half {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            "list" => {
                let mut list = serializer.serialize_seq(None)?;
                list.serialize_element(&1)?;
                Err(S::Error::custom("half a list"))
            }
            "key" => {
                let mut map = serializer.serialize_map(None)?;
                map.serialize_key("k")?;
                panic!("half an entry")
            }
            "entry" => {
                let mut map = serializer.serialize_map(None)?;
                map.serialize_entry("k", &1)?;
                Err(S::Error::custom("half a map"))
            }
            "no value" => {
                let mut map = serializer.serialize_map(None)?;
                map.serialize_key("k")?;
                map.end()
            }
            _ => {
                serializer.serialize_u8(1)?;
                Err(S::Error::custom("after all was said"))
            }
        }
    }
}

#[test]
fn a_value_that_fails_or_panics_is_marked_and_costs_nothing_around_it() {
    use serde_json::json;
    const MARK: &str = "[its serialization failed]";
    std::panic::set_hook(Box::new(|_| {}));
    assert_eq!(logged(&Fails), MARK);
    assert_eq!(logged(&Panics), MARK);
    let fails = BTreeMap::from([("a", None), ("b", Some(Fails)), ("c", None)]);
    assert_eq!(logged(&fails), json!({"a": null, "b": MARK, "c": null}));
    assert_eq!(logged(&(1, Panics, 2)), json!([1, MARK, 2]));
    let half = |what| logged(&(0, Half(what), 2));
    assert_eq!(half("list"), json!([0, [1, MARK], 2]));
    assert_eq!(half("key"), json!([0, {"k": MARK}, 2]));
    assert_eq!(half("entry"), json!([0, {"k": 1, "…": MARK}, 2]));
    assert_eq!(half("no value"), json!([0, {"k": null}, 2]));
    assert_eq!(half("all"), json!([0, 1, MARK, 2]), "what it said stays, and the mark stands behind it");
    assert_eq!(logged(&Half("all")), 1);
    struct FailingKey;
    impl Serialize for FailingKey {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map([(Fails, 1)])
        }
    }
    assert_eq!(logged(&FailingKey), json!({ MARK: 1 }));
}

struct Nested {
    inner: Option<Box<Nested>>,
}

impl Serialize for Nested {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("inner", &self.inner)?;
        map.end()
    }
}

/// A hundred thousand values, each inside the one before.
fn deep() -> Nested {
    (0..100_000).fold(Nested { inner: None }, |inner, _| Nested { inner: Some(Box::new(inner)) })
}

impl Drop for Nested {
    fn drop(&mut self) {
        let mut inner = self.inner.take();
        while let Some(mut next) = inner {
            inner = next.inner.take();
        }
    }
}

#[derive(Serialize)]
enum Layer<'a> {
    Newtype(Option<&'a Layer<'a>>),
    Tuple(u8, &'a Layer<'a>),
    Struct { inner: &'a Layer<'a> },
}

/// Every record that a thread with a small stack logs.
fn on_a_small_stack(log: impl FnOnce(&Logger) + Send) -> Captured {
    let (logger, captured) = Logger::capture_with(|builder| builder.limits(Limits::default().depth(1_000)));
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(128 << 10);
        thread.spawn_scoped(scope, || log(&logger)).unwrap().join().unwrap();
    });
    assert!(logger.health().iter().all(|health| health.is_conserved() && health.dropped_total() == 0));
    captured
}

#[test]
fn a_structure_deeper_than_any_stack_is_cut() {
    let nested = deep();
    let captured = on_a_small_stack(|logger| info!(logger: logger, nested = serde(&nested), "deep"));
    assert!(format!("{:?}", captured.only()).contains("[too deep]"));

    let mut layer = &Layer::Newtype(None);
    for index in 0..100_000 {
        layer = Box::leak(Box::new(match index % 3 {
            0 => Layer::Newtype(Some(layer)),
            1 => Layer::Tuple(1, layer),
            _ => Layer::Struct { inner: layer },
        }));
    }
    let captured = on_a_small_stack(|logger| info!(logger: logger, layer = serde(layer), "deep"));
    assert!(format!("{:?}", captured.only()).contains("[too deep]"));
}

#[test]
fn a_key_deeper_than_any_stack_is_cut() {
    struct DeepKey<'a>(&'a Nested);
    impl Serialize for DeepKey<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map([(self.0, 1)])
        }
    }
    let nested = deep();
    on_a_small_stack(|logger| info!(logger: logger, map = serde(&DeepKey(&nested)), "deep")).only();
}

#[test]
fn a_sequence_without_an_end_ends() {
    struct Endless;
    impl Serialize for Endless {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(std::iter::repeat("on and on"))
        }
    }
    let (logger, captured) = Logger::capture_with(|builder| builder.limits(Limits::default().record(16 << 20)));
    info!(logger: logger, endless = serde(&[Some(Endless), None]), "begun");
    let record = captured.only();
    let Some(CapturedValue::List(outer)) = record.get("endless") else { panic!("{record}") };
    let Some(CapturedValue::List(inner)) = outer.first() else { panic!("{record}") };
    assert_eq!(inner.last(), Some(&CapturedValue::Text("[too long]".into())));
}
