//! In memory, for tests: as bytes, or as records that can be asked about.

use crate::block::{self, Entries};
use crate::encode::Encode;
use crate::filter::sample::SampleRate;
use crate::level::Level;
use crate::partition::Partition;
use crate::record::Record;
use crate::sink::{Line, Sink, SinkError, Written};
use crate::time::Timestamp;
use crate::value::{TreeVisitor, Value};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Keeps what an encoder wrote. Clones share it.
///
/// ```
/// use hyperlog_core::{Json, Logger, Memory, Output, info};
///
/// let memory = Memory::new();
/// let logger = Logger::builder().output(Output::new(Json::new(), memory.clone())).build()?;
/// info!(logger: logger, "ready");
/// assert!(memory.text().ends_with("\"message\":\"ready\"}\n"));
/// # Ok::<(), hyperlog_core::BuildError>(())
/// ```
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    preamble: Vec<u8>,
    lines: Vec<(Level, Vec<u8>)>,
    is_closed: bool,
}

impl Memory {
    /// Nothing yet.
    pub fn new() -> Memory {
        Memory::default()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.kept().lines.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.kept().lines.is_empty()
    }

    /// What the encoder wrote before the first record: the header of a CSV, say. It is in none of the other answers.
    pub fn preamble(&self) -> Vec<u8> {
        self.kept().preamble.clone()
    }

    /// All bytes, one record after the other.
    pub fn bytes(&self) -> Vec<u8> {
        self.kept().lines.iter().flat_map(|(_, bytes)| bytes.iter().copied()).collect()
    }

    /// All bytes as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }

    /// Takes all records out.
    pub fn take(&self) -> Vec<(Level, Vec<u8>)> {
        std::mem::take(&mut self.kept().lines)
    }
}

impl Sink for Memory {
    fn begin(&self, preamble: &[u8]) {
        self.kept().preamble.extend_from_slice(preamble);
    }

    fn write(&self, line: &Line<'_>) -> Written {
        let mut kept = self.kept();
        if kept.is_closed {
            return Written::Closed;
        }
        kept.lines.push((line.level, line.bytes.to_vec()));
        Written::Done
    }

    fn close(&self, _: Duration) -> Result<(), SinkError> {
        self.kept().is_closed = true;
        Ok(())
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Memory({} records)", self.len())
    }
}

/// The records of a logger in a test, as they would have left: redacted and limited. Clones share them.
///
/// ```
/// use hyperlog_core::{Level, Logger, info, warn};
///
/// let (logger, captured) = Logger::capture();
/// let _entered = logger.enter();
///
/// info!(order = 17, "accepted");
/// warn!(order = 17, password = "hunter2", "not delivered");
///
/// assert_eq!(captured.len(), 2);
/// let warning = captured.only_at(Level::WARN);
/// assert_eq!(warning.message(), "not delivered");
/// assert_eq!(warning.number("order"), 17.0);
/// assert_eq!(warning.text("password"), "[REDACTED]");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Captured {
    memory: Memory,
}

impl Captured {
    pub(crate) fn new() -> Captured {
        Captured::default()
    }

    pub(crate) fn sink(&self) -> Memory {
        self.memory.clone()
    }

    /// Every record, oldest first.
    pub fn records(&self) -> Vec<CapturedRecord> {
        self.memory.kept().lines.iter().filter_map(|(level, bytes)| CapturedRecord::decode(*level, bytes)).collect()
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.memory.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.memory.is_empty()
    }

    /// Forgets all records so far.
    pub fn clear(&self) {
        self.memory.take();
    }

    /// The one record there is.
    ///
    /// # Panics
    ///
    /// When there is none or another, with all of them in the message.
    #[track_caller]
    pub fn only(&self) -> CapturedRecord {
        self.only_where("record", |_| true)
    }

    /// The one record of a level.
    ///
    /// # Panics
    ///
    /// When there is none or another, with all records in the message.
    #[track_caller]
    pub fn only_at(&self, level: Level) -> CapturedRecord {
        self.only_where(level.name(), |record| record.level == level)
    }

    /// The one record with this message.
    ///
    /// # Panics
    ///
    /// When there is none or another, with all records in the message.
    #[track_caller]
    pub fn only_saying(&self, message: &str) -> CapturedRecord {
        self.only_where(message, |record| record.message == message)
    }

    #[track_caller]
    fn only_where(&self, what: &str, wanted: impl Fn(&CapturedRecord) -> bool) -> CapturedRecord {
        let all = self.records();
        let mut found: Vec<&CapturedRecord> = all.iter().filter(|record| wanted(record)).collect();
        match (found.pop(), found.is_empty()) {
            (Some(record), true) => record.clone(),
            (last, _) => {
                let count = found.len() + usize::from(last.is_some());
                let shown: String = all.iter().map(|record| format!("\n  {record}")).collect();
                panic!("expected one {what:?} and found {count} among {} records:{shown}", all.len());
            }
        }
    }
}

/// A record that was captured.
#[derive(Clone, Debug, PartialEq)]
pub struct CapturedRecord {
    level: Level,
    timestamp: Timestamp,
    target: String,
    message: String,
    template: String,
    fields: Vec<(String, CapturedValue)>,
}

/// The value of a captured field.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum CapturedValue {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// Any integer.
    Integer(i128),
    /// An integer too large for [`CapturedValue::Integer`].
    Unsigned(u128),
    /// A float.
    Float(f64),
    /// Text.
    Text(String),
    /// A span of time.
    Duration(Duration),
    /// A point in time.
    Time(Timestamp),
    /// A list.
    List(Vec<CapturedValue>),
    /// A map.
    Map(Vec<(String, CapturedValue)>),
}

impl CapturedRecord {
    /// Reads what [`Typed`] wrote. None if it is anything else.
    pub fn decode(level: Level, bytes: &[u8]) -> Option<CapturedRecord> {
        let mut entries = Entries::new(bytes).map(|(key, stored)| (key.name().to_owned(), owned(stored.value())));
        let mut text = || match entries.next()?.1 {
            CapturedValue::Text(text) => Some(text),
            _ => None,
        };
        let (target, message, template) = (text()?, text()?, text()?);
        let CapturedValue::Time(timestamp) = entries.next()?.1 else { return None };
        Some(CapturedRecord { level, timestamp, target, message, template, fields: entries.collect() })
    }

    /// How severe it is.
    pub fn level(&self) -> Level {
        self.level
    }

    /// When it happened.
    pub fn timestamp(&self) -> Timestamp {
        self.timestamp
    }

    /// What part of the program it belongs to.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// What happened.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The message before its arguments were put in.
    pub fn template(&self) -> &str {
        &self.template
    }

    /// Every field: the process's, the logger's and the call's.
    pub fn fields(&self) -> &[(String, CapturedValue)] {
        &self.fields
    }

    /// A field, if it is there.
    pub fn get(&self, key: &str) -> Option<&CapturedValue> {
        self.fields.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// Whether a field is there.
    pub fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// The text of a field.
    ///
    /// # Panics
    ///
    /// When it is not there or is no text, with the record in the message.
    #[track_caller]
    pub fn text(&self, key: &str) -> &str {
        match self.get(key) {
            Some(CapturedValue::Text(text)) => text,
            other => panic!("the field {key:?} is {other:?} and no text in {self}"),
        }
    }

    /// The number of a field, whatever its type.
    ///
    /// # Panics
    ///
    /// When it is not there or is no number, with the record in the message.
    #[track_caller]
    pub fn number(&self, key: &str) -> f64 {
        match self.get(key) {
            Some(CapturedValue::Integer(number)) => *number as f64,
            Some(CapturedValue::Unsigned(number)) => *number as f64,
            Some(CapturedValue::Float(number)) => *number,
            other => panic!("the field {key:?} is {other:?} and no number in {self}"),
        }
    }
}

impl fmt::Display for CapturedRecord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}: {}", self.level, self.target, self.message)?;
        for (key, value) in &self.fields {
            write!(formatter, " {key}={value:?}")?;
        }
        Ok(())
    }
}

fn owned(value: Value<'_>) -> CapturedValue {
    match value {
        Value::Bool(value) => CapturedValue::Bool(value),
        Value::I64(value) => CapturedValue::Integer(value.into()),
        Value::U64(value) => CapturedValue::Integer(value.into()),
        Value::I128(value) => CapturedValue::Integer(*value),
        Value::U128(value) => i128::try_from(*value).map_or(CapturedValue::Unsigned(*value), CapturedValue::Integer),
        Value::F32(value) => CapturedValue::Float(value.into()),
        Value::F64(value) => CapturedValue::Float(value),
        Value::Char(value) => CapturedValue::Text(value.into()),
        Value::Str(value) => CapturedValue::Text(value.to_owned()),
        Value::Duration(value) => CapturedValue::Duration(value),
        Value::Time(value) => CapturedValue::Time(value),
        Value::Tree(tree) => {
            let mut builder = TreeBuilder::default();
            tree.walk(&mut builder);
            builder.done.unwrap_or(CapturedValue::Null)
        }
        _ => CapturedValue::Null,
    }
}

#[derive(Default)]
struct TreeBuilder {
    open: Vec<(String, CapturedValue)>,
    key: String,
    done: Option<CapturedValue>,
}

impl TreeBuilder {
    fn place(&mut self, key: String, value: CapturedValue) {
        match self.open.last_mut() {
            Some((_, CapturedValue::List(items))) => items.push(value),
            Some((_, CapturedValue::Map(entries))) => entries.push((key, value)),
            _ => self.done = Some(value),
        }
    }

    fn begin(&mut self, value: CapturedValue) {
        self.open.push((std::mem::take(&mut self.key), value));
    }
}

impl TreeVisitor for TreeBuilder {
    fn begin_map(&mut self) {
        self.begin(CapturedValue::Map(Vec::new()));
    }

    fn begin_list(&mut self) {
        self.begin(CapturedValue::List(Vec::new()));
    }

    fn key(&mut self, key: &str) {
        key.clone_into(&mut self.key);
    }

    fn value(&mut self, value: Value<'_>) {
        let key = std::mem::take(&mut self.key);
        self.place(key, owned(value));
    }

    fn end(&mut self) {
        if let Some((key, value)) = self.open.pop() {
            self.place(key, value);
        }
    }
}

/// Writes records in a form that keeps the type of each value, for whoever looks at them on another thread:
/// [`CapturedRecord::decode`] reads it. Nobody else does, and not in another version.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Typed;

impl Typed {
    /// There is but one.
    pub fn new() -> Typed {
        Typed
    }
}

impl Encode for Typed {
    fn encode(&self, record: &Record<'_>, out: &mut Vec<u8>) -> Partition {
        block::push("target", Value::Str(record.target()), out);
        block::push("message", Value::Str(record.message()), out);
        block::push("template", Value::Str(record.template()), out);
        block::push("timestamp", Value::Time(record.timestamp()), out);
        record.for_each_field(|key, value| block::push(key.name(), value, out));
        if record.rate() != SampleRate::ONE {
            block::push("sample_rate", Value::F32(record.rate().get()), out);
        }
        Partition::NONE
    }
}
