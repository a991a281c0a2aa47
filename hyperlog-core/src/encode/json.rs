//! One JSON object a line.

use crate::append::{Appender, Padded, PaddedText, push_escaped};
use crate::encode::Encode;
use crate::field::Fields;
use crate::filter::sample::SampleRate;
use crate::key::Key;
use crate::keys::{self, DurationForm, Schema};
use crate::level::Level;
use crate::partition::Partition;
use crate::reading::{FieldCursor, Plain, Rules};
use crate::record::{Bound, Record};
use crate::time::{TimeFormat, Timestamp};
use crate::value::{Tree, TreeVisitor, Value};
use std::any::Any;
use std::sync::OnceLock;
use std::time::Duration;

/// Writes each record as one line of JSON.
///
/// ```text
/// {"timestamp":"2026-11-20T08:15:42.120934Z","level":"INFO","target":"shop::cart","message":"added","item":42}
/// ```
///
/// Whatever a value holds, the line is valid JSON and a single line. Integers are written exactly, also beyond 64 bits.
/// `NaN` and the infinities, which JSON has not, become the texts `"NaN"`, `"Infinity"` and `"-Infinity"`. Bytes that are
/// no text become `\xNN` within it. A span of time becomes a number whose unit ends the name: `elapsed` of a second and a
/// half is written `"elapsed_ms":1500`. A field that bears the name of a part of the record, such as `level`, is written
/// as `field.level`, so that nothing can be forged.
#[derive(Clone, Debug)]
pub struct Json {
    schema: Schema,
    /// What precedes the time.
    open: PaddedText,
    /// What stands between the time and the target, of every level.
    levels: [OnceLock<PaddedText>; Level::MAX_SEVERITY as usize],
    /// What stands between target and message.
    message: PaddedText,
    reserved: Box<[&'static str]>,
    /// Whether there is nothing beside head, fields and extras, and no field stands in a group.
    is_flat: bool,
    message_template: MessageTemplate,
    /// The marks of all names that are reserved or renamed.
    special_keys: [u64; 4],
}

/// Whether a record shows its message as it stands in the program, before the arguments are put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageTemplate {
    /// It does not.
    Hidden,
    /// It does, if the message has arguments.
    Shown,
}

impl Default for Json {
    fn default() -> Json {
        Json::new()
    }
}

impl Json {
    /// In the default schema.
    pub fn new() -> Json {
        Json::with_schema(Schema::DEFAULT)
    }

    /// In the shape another system expects.
    pub fn with_schema(schema: Schema) -> Json {
        let has_time = schema.time != TimeFormat::Off;
        let quote = if schema.time.is_number() { "" } else { "\"" };
        let open = if has_time { format!("{{\"{}\":{quote}", schema.timestamp) } else { "{".to_owned() };
        let reserved = schema.reserved();
        // One loop after the other: a chain of iterators is a page of code that a start would have to read in.
        let mut special_keys = [0; 4];
        for name in &reserved {
            mark(&mut special_keys, name);
        }
        for (ours, _) in schema.renamed {
            mark(&mut special_keys, ours);
        }
        for name in schema.ungrouped {
            mark(&mut special_keys, name);
        }
        for name in schema.names_of_process() {
            mark(&mut special_keys, name);
        }
        Json {
            open: PaddedText::new(open),
            levels: [const { OnceLock::new() }; Level::MAX_SEVERITY as usize],
            message: PaddedText::new(format!(",\"{}\":\"", schema.message)),
            special_keys,
            is_flat: schema.attributes.is_none() && schema.constants.is_empty(),
            message_template: MessageTemplate::Hidden,
            reserved: reserved.into(),
            schema,
        }
    }

    /// Whether messages that have arguments are shown without them as well, as `template`: the same for all records of
    /// one call, so that they can be counted together. Hidden by default.
    ///
    /// ```
    /// use hyperlog_core::{Json, Logger, Memory, MessageTemplate, Output, info};
    ///
    /// let memory = Memory::new();
    /// let json = Json::new().message_template(MessageTemplate::Shown);
    /// let logger = Logger::builder().output(Output::new(json, memory.clone())).build()?;
    /// info!(logger: logger, "welcome {who}", who = "ann");
    /// assert!(memory.text().contains(r#""message":"welcome ann","who":"ann","template":"welcome {who}"}"#));
    /// # Ok::<(), hyperlog_core::BuildError>(())
    /// ```
    ///
    /// Redaction sees it as it sees the message. A record that has to be cut goes without.
    #[must_use]
    pub fn message_template(self, shown: MessageTemplate) -> Json {
        let mut json = Json::with_schema(self.schema);
        if shown == MessageTemplate::Shown {
            json.reserved = json.reserved.iter().copied().chain([keys::TEMPLATE]).collect();
            mark(&mut json.special_keys, keys::TEMPLATE);
            json.is_flat = false;
            json.message_template = shown;
        }
        json
    }

    /// What stands between the time and the target: made when a level is first met.
    #[inline]
    fn level(&self, level: Level) -> &PaddedText {
        self.levels[usize::from(level.severity() - 1)].get_or_init(|| {
            let schema = &self.schema;
            let time_ends = if schema.time.is_number() { "," } else { "\"," };
            let mut text = if schema.time == TimeFormat::Off { String::new() } else { time_ends.to_owned() };
            if let Some(severity) = schema.severity {
                text += &format!("\"{severity}\":{},", level.severity());
            }
            text += &format!("\"{}\":{},\"{}\":\"", schema.level, schema.level_form.json(level), schema.target);
            PaddedText::new(text)
        })
    }

    #[inline(never)]
    fn append_fields(&self, fields: &mut FieldCursor<'_>, line: &mut Appender<'_>) {
        loop {
            let taken = self.append_plain(fields.plain(), line);
            fields.skip(taken);
            let Some((key, value)) = fields.next_prepared() else { return };
            line.with_vec(|out| self.push_field(&key, &value, out));
        }
    }

    /// The fields of the call.
    #[inline(always)]
    fn append_own(&self, record: &Record<'_>, has_plain_keys: bool, line: &mut Appender<'_>) {
        let taken = match record.call.fields {
            Fields::Gathered { keys, values } if has_plain_keys => {
                append_values(record.reading.rules, keys.iter().zip(values), Key::fragment, line)
            }
            _ => self.append_plain(record.plain_fields(), line),
        };
        if let Some(mut others) = record.fields_behind(taken) {
            self.append_fields(&mut others, line);
        }
    }

    /// From the level to the message. Says whether nothing has to be looked at in any of the keys.
    #[inline(never)]
    fn append_head(&self, record: &Record<'_>, line: &mut Appender<'_>) -> bool {
        let start = line.length();
        line.text_between(self.level(record.level()).get(), record.target(), b"\"");
        line.text_between(self.message.get(), record.message(), b"\"");
        let has_plain_keys = record.has_plain_keys()
            && record.call.site.keys.iter().all(|key| key.fragment().is_some() && !self.is_special(key.name()));
        line.with_vec(|out| record.keep_head(&out[start..], has_plain_keys));
        has_plain_keys
    }

    /// Appends fields as long as they are of the common kinds; says how many.
    #[inline(always)]
    fn append_plain(&self, fields: Plain<'_>, line: &mut Appender<'_>) -> usize {
        append_values(fields.rules, fields.iter(), |key| self.fragment_of(key), line)
    }

    /// A key as it was prepared when the program was built, if nothing is in the way.
    #[inline(always)]
    fn fragment_of<'k>(&self, key: &Key<'k>) -> Option<Padded<'k>> {
        if self.may_be_special(key) && self.is_special(key.name()) { None } else { key.fragment() }
    }

    #[inline(always)]
    fn may_be_special(&self, key: &Key<'_>) -> bool {
        let mark = key.mark();
        self.special_keys[usize::from(mark >> 6)] >> (mark & 63) & 1 != 0
    }

    #[cold]
    #[inline(never)]
    fn is_special(&self, name: &str) -> bool {
        self.reserved.contains(&name)
            || self.is_of_process(name)
            || self.schema.ungrouped.contains(&name)
            || self.schema.renamed.iter().any(|(ours, _)| *ours == name)
    }

    fn is_of_process(&self, name: &str) -> bool {
        self.schema.names_of_process().any(|of_process| of_process == name)
    }

    #[inline(never)]
    fn push_field(&self, key: &Key<'_>, value: &Value<'_>, out: &mut Vec<u8>) {
        if self.schema.ungrouped.contains(&key.name()) {
            return;
        }
        if let Value::Duration(duration) = value {
            return self.push_duration_field(key, *duration, out);
        }
        self.push_key(key, "", out);
        if let (Some(prefix), Value::Str(id), keys::TRACE_ID) = (&self.schema.trace_prefix, value, key.name()) {
            out.push(b'"');
            push_escaped(prefix, out);
            push_escaped(id, out);
            return out.push(b'"');
        }
        push_value(*value, self.schema.duration, out);
    }

    fn push_key(&self, key: &Key<'_>, suffix: &str, out: &mut Vec<u8>) {
        let name = self.schema.name_of(key.name());
        let is_forged = self.reserved.contains(&name) || name == key.name() && self.is_of_process(name);
        out.extend_from_slice(if is_forged { b",\"field." } else { b",\"" });
        push_escaped(name, out);
        push_escaped(suffix, out);
        out.extend_from_slice(b"\":");
    }

    #[inline(never)]
    fn push_duration_field(&self, key: &Key<'_>, duration: Duration, out: &mut Vec<u8>) {
        let suffix = match self.schema.duration {
            DurationForm::Seconds => "_s",
            DurationForm::Millis => "_ms",
            DurationForm::Nanos => "_ns",
            DurationForm::Text => "",
        };
        let suffix = if key.name().ends_with(suffix) { "" } else { suffix };
        self.push_key(key, suffix, out);
        push_duration(duration, self.schema.duration, out);
    }

    #[inline(never)]
    fn append_all_bound(&self, record: &Record<'_>, line: &mut Appender<'_>) {
        self.append_bound(record.identity(), line);
        self.append_bound(record.context(), line);
    }

    fn append_bound(&self, bound: Bound<'_>, line: &mut Appender<'_>) {
        match bound {
            Bound::Encoded(encoded) => line.bytes(encoded),
            Bound::Fields(mut fields) => self.append_fields(&mut fields, line),
        }
    }

    /// Fields under names of their own or none, behind what is the same in each record.
    #[inline(never)]
    fn append_groups(&self, record: &Record<'_>, line: &mut Appender<'_>) {
        for (name, value) in self.schema.constants {
            line.with_vec(|out| self.push_name(name, out));
            line.bytes(value.as_bytes());
        }
        line.with_vec(|out| self.push_ungrouped(record, out));
        let opened = self.open_group(self.schema.resource, line);
        self.append_bound(record.identity(), line);
        self.close_group(opened, line);
        let opened = self.open_group(self.schema.attributes, line);
        self.append_bound(record.context(), line);
        self.append_own(record, false, line);
        if self.message_template == MessageTemplate::Shown {
            line.with_vec(|out| self.push_template(record, out));
        }
        self.close_group(opened, line);
    }

    fn push_template(&self, record: &Record<'_>, out: &mut Vec<u8>) {
        let template = record.template();
        // A message without arguments is its own; and what made a record too long is not said twice.
        let has_arguments = !record.is_literal() && template != record.message() && !template.is_empty();
        if has_arguments && record.cut_from().is_none() {
            self.push_name(keys::TEMPLATE, out);
            match record.reading.rules.passes_message(template) {
                true => push_text(template, out),
                false => push_text(&record.reading.shown_message(template), out),
            }
        }
    }

    fn open_group(&self, name: Option<&str>, line: &mut Appender<'_>) -> Option<usize> {
        line.with_vec(|out| {
            self.push_name(name?, out);
            Some(out.len())
        })
    }

    /// The comma before the first field of a group becomes its brace.
    fn close_group(&self, opened: Option<usize>, line: &mut Appender<'_>) {
        let Some(opened) = opened else { return };
        line.with_vec(|out| {
            match out.get_mut(opened) {
                Some(comma) => *comma = b'{',
                None => out.push(b'{'),
            }
            out.push(b'}');
        });
    }

    #[inline(never)]
    fn push_extras(&self, record: &Record<'_>, out: &mut Vec<u8>) {
        let mut number = itoa::Buffer::new();
        if let Some((file, line)) = record.location() {
            self.push_name(self.schema.file, out);
            push_text(file, out);
            self.push_name(self.schema.line, out);
            out.extend_from_slice(number.format(line).as_bytes());
        }
        if record.rate() != SampleRate::ONE {
            self.push_name(self.schema.sample_rate, out);
            push_value(Value::F32(record.rate().get()), self.schema.duration, out);
        }
        if let Some(length) = record.cut_from() {
            self.push_name(self.schema.cut_from, out);
            out.extend_from_slice(number.format(length).as_bytes());
        }
    }

    fn push_name(&self, name: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(b",\"");
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\":");
    }

    /// The fields that a grouped schema wants beside its groups.
    fn push_ungrouped(&self, record: &Record<'_>, out: &mut Vec<u8>) {
        if self.schema.ungrouped.is_empty() {
            return;
        }
        record.for_each_field(|key, value| {
            if self.schema.ungrouped.contains(&key.name()) {
                self.push_key(&key, "", out);
                push_value(value, self.schema.duration, out);
            }
        });
    }
}

impl Encode for Json {
    fn encode(&self, record: &Record<'_>, out: &mut Vec<u8>) -> Partition {
        let mut line = Appender::new(out);
        line.padded(self.open.get());
        match &self.schema.time {
            TimeFormat::Rfc3339Micros => line.rfc3339_micros(record.timestamp()),
            other => line.with_vec(|out| push_time(other, record.timestamp(), out)),
        }
        let has_plain_keys = match record.copy_head(|head| line.padded(head)) {
            Some(has_plain_keys) => has_plain_keys,
            None => self.append_head(record, &mut line),
        };
        if !self.is_flat {
            self.append_groups(record, &mut line);
        } else {
            match record.prepared() {
                Some((identity, context)) => {
                    line.bytes(identity);
                    line.bytes(context);
                }
                None => self.append_all_bound(record, &mut line),
            }
            if !record.is_bare() {
                self.append_own(record, has_plain_keys, &mut line);
            }
        }
        if record.has_extras() {
            line.with_vec(|out| self.push_extras(record, out));
        }
        line.literal(b"}\n");
        line.finish();
        Partition::NONE
    }

    fn encode_bound(&self, fields: &mut FieldCursor<'_>, out: &mut Vec<u8>) -> bool {
        let mut line = Appender::new(out);
        self.append_fields(fields, &mut line);
        line.finish();
        true
    }

    fn is_same(&self, other: &dyn Any) -> bool {
        let same = |other: &Json| other.schema == self.schema && other.message_template == self.message_template;
        other.downcast_ref::<Json>().is_some_and(same)
    }
}

/// Appends fields as long as they are of the common kinds; says how many.
#[inline(always)]
fn append_values<'r>(
    rules: &Rules,
    fields: impl Iterator<Item = (&'r Key<'r>, &'r Value<'r>)>,
    fragment_of: impl Fn(&Key<'r>) -> Option<Padded<'r>>,
    line: &mut Appender<'_>,
) -> usize {
    let mut taken = 0;
    for (key, value) in fields {
        let Some(key) = fragment_of(key) else { break };
        match *value {
            Value::Str(text) if rules.passes(text) => line.text_field(key, text),
            Value::U64(number) => line.unsigned_field(key, number),
            Value::I64(number) => line.signed_field(key, number),
            Value::F64(number) if number.is_finite() => line.finite_field(key, number),
            Value::Bool(true) => line.literal_field(key, b"true"),
            Value::Bool(false) => line.literal_field(key, b"false"),
            _ => break,
        }
        taken += 1;
    }
    taken
}

/// Sets the bit of a name's mark.
fn mark(marks: &mut [u64; 4], name: &'static str) {
    let mark = Key::new(name).mark();
    marks[usize::from(mark >> 6)] |= 1 << (mark & 63);
}

/// Appends a value as JSON.
pub(crate) fn push_value(value: Value<'_>, form: DurationForm, out: &mut Vec<u8>) {
    match value {
        Value::Str(text) => push_text(text, out),
        Value::U64(number) => out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes()),
        Value::I64(number) => out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes()),
        Value::F64(number) if number.is_finite() => {
            out.extend_from_slice(zmij::Buffer::new().format_finite(number).as_bytes());
        }
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        rarer => push_rarer_value(rarer, form, out),
    }
}

#[inline(never)]
fn push_rarer_value(value: Value<'_>, form: DurationForm, out: &mut Vec<u8>) {
    match value {
        Value::I128(number) => out.extend_from_slice(itoa::Buffer::new().format(*number).as_bytes()),
        Value::U128(number) => out.extend_from_slice(itoa::Buffer::new().format(*number).as_bytes()),
        Value::F32(number) if number.is_finite() => {
            out.extend_from_slice(zmij::Buffer::new().format_finite(number).as_bytes());
        }
        Value::F32(number) => push_not_finite(f64::from(number), out),
        Value::F64(number) => push_not_finite(number, out),
        Value::Char(character) => push_text(character.encode_utf8(&mut [0; 4]), out),
        Value::Duration(duration) => push_duration(duration, form, out),
        Value::Time(time) => {
            out.push(b'"');
            TimeFormat::Rfc3339Micros.write(time, out);
            out.push(b'"');
        }
        Value::Tree(tree) => push_tree(tree, form, out),
        Value::Null => out.extend_from_slice(b"null"),
        // The rest never reaches an encoder, and was taken care of before.
        _ => out.extend_from_slice(b"null"),
    }
}

/// Appends a time that a pattern may have given anything.
fn push_time(format: &TimeFormat, time: Timestamp, out: &mut Vec<u8>) {
    let start = out.len();
    format.write(time, out);
    if out[start..].iter().any(|byte| matches!(byte, b'"' | b'\\')) {
        let raw = String::from_utf8_lossy(&out.split_off(start)).into_owned();
        push_escaped(&raw, out);
    }
}

fn push_not_finite(number: f64, out: &mut Vec<u8>) {
    let name: &[u8] = match number {
        f64::INFINITY => b"\"Infinity\"",
        f64::NEG_INFINITY => b"\"-Infinity\"",
        _ => b"\"NaN\"",
    };
    out.extend_from_slice(name);
}

/// Appends text with the quotes around it.
#[inline]
pub(crate) fn push_text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    push_escaped(text, out);
    out.push(b'"');
}

fn push_duration(duration: Duration, form: DurationForm, out: &mut Vec<u8>) {
    let nanos = duration.as_nanos();
    match form {
        DurationForm::Nanos => out.extend_from_slice(itoa::Buffer::new().format(nanos).as_bytes()),
        DurationForm::Millis => push_fixed(nanos, 6, out),
        DurationForm::Seconds => push_fixed(nanos, 9, out),
        DurationForm::Text => {
            out.push(b'"');
            push_fixed(nanos, 9, out);
            out.extend_from_slice(b"s\"");
        }
    }
}

/// A number with so many of its digits behind the point, as far as they are not zero.
fn push_fixed(number: u128, places: u32, out: &mut Vec<u8>) {
    let one = 10_u128.pow(places);
    out.extend_from_slice(itoa::Buffer::new().format(number / one).as_bytes());
    let mut fraction = number % one;
    if fraction > 0 {
        out.push(b'.');
        let mut place = one / 10;
        while fraction > 0 {
            out.push(b'0' + (fraction / place) as u8);
            fraction %= place;
            place /= 10;
        }
    }
}

/// Appends a map or list as JSON.
pub(crate) fn push_tree(tree: &dyn Tree, form: DurationForm, out: &mut Vec<u8>) {
    tree.walk(&mut TreeEncoder { form, out, closers: Vec::new(), is_first: true });
}

struct TreeEncoder<'a> {
    form: DurationForm,
    out: &'a mut Vec<u8>,
    closers: Vec<u8>,
    is_first: bool,
}

impl TreeEncoder<'_> {
    fn separate(&mut self) {
        if !self.is_first && self.closers.last() == Some(&b']') {
            self.out.push(b',');
        }
        self.is_first = false;
    }

    fn begin(&mut self, open: u8, close: u8) {
        self.separate();
        self.out.push(open);
        self.closers.push(close);
        self.is_first = true;
    }
}

impl TreeVisitor for TreeEncoder<'_> {
    fn begin_map(&mut self) {
        self.begin(b'{', b'}');
    }

    fn begin_list(&mut self) {
        self.begin(b'[', b']');
    }

    fn key(&mut self, key: &str) {
        if !self.is_first {
            self.out.push(b',');
        }
        push_text(key, self.out);
        self.out.push(b':');
        self.is_first = false;
    }

    fn value(&mut self, value: Value<'_>) {
        self.separate();
        push_value(value, self.form, self.out);
    }

    fn end(&mut self) {
        self.out.extend(self.closers.pop());
        self.is_first = false;
    }
}
