//! One JSON object a line.

use crate::append::{Appender, BeforeTime, Padded, PaddedText, push_escaped, push_time_between, reserve_for_time};
use crate::encode::Encode;
use crate::field::Fields;
use crate::filter::sample::SampleRate;
use crate::heads::Body;
use crate::key::Key;
use crate::keys::{self, DurationForm, Schema};
use crate::level::Level;
use crate::partition::Partition;
use crate::reading::{FieldCursor, Plain};
use crate::record::{Bound, Record};
use crate::rules::Rules;
use crate::time::{TimeFormat, Timestamp};
use crate::value::{Tree, TreeVisitor, Value};
use std::any::Any;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
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
    /// By which its heads are told from those of others; only what writes the same has the same one.
    number: u64,
    schema: Schema,
    /// What precedes the time.
    open: PaddedText,
    /// The same, where heads are kept.
    before_time: BeforeTime,
    keeps_heads: bool,
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

/// One of the ways to append a record.
type Push = fn(&Json, &Record<'_>, &mut Vec<u8>) -> Partition;

/// What ends a record.
const END: &[u8; 2] = b"}\n";

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
        let before_time = BeforeTime::new(&open).filter(|_| schema.time == TimeFormat::Rfc3339Micros);
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
            number: next_number(),
            keeps_heads: before_time.is_some(),
            before_time: before_time.unwrap_or(BeforeTime::NONE),
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
    fn push_fields(&self, fields: &mut FieldCursor<'_>, out: &mut Vec<u8>) {
        loop {
            let mut line = Appender::new(out);
            let taken = self.append_plain(fields.plain(), &mut line);
            line.finish();
            fields.skip(taken);
            let Some((key, value)) = fields.next_prepared() else { return };
            self.push_field(&key, &value, out);
        }
    }

    /// Keeps what is the same in all records from the place where this one is from: what was appended from a byte on.
    #[cold]
    #[inline(never)]
    fn keep_head(&self, record: &Record<'_>, text: &[u8]) {
        let is_plain = |key: &Key<'_>| key.fragment().is_some() && !self.is_special(key.name());
        let has_plain_keys = record.has_plain_keys() && record.call.site.keys.iter().all(is_plain);
        let body = match has_plain_keys && self.is_flat && record.location().is_none() {
            true if record.is_bare() => Body::Bound,
            true => Body::PlainKeys,
            false => Body::Unknown,
        };
        record.keep_head(self.number, text, END, body);
    }

    /// Appends fields as long as they are of the common kinds; says how many.
    #[inline(always)]
    fn append_plain(&self, fields: Plain<'_>, line: &mut Appender<'_>) -> usize {
        append_values(fields.rules, fields.iter(), |key| self.fragment_of(key), self.schema.duration, line)
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
        let suffix = suffix_of(self.schema.duration);
        let suffix = if key.name().ends_with(suffix) { "" } else { suffix };
        self.push_key(key, suffix, out);
        push_duration(duration, self.schema.duration, out);
    }

    fn push_bound(&self, bound: Bound<'_>, out: &mut Vec<u8>) {
        match bound {
            Bound::Encoded(encoded) => out.extend_from_slice(encoded),
            Bound::Fields(mut fields) => self.push_fields(&mut fields, out),
        }
    }

    /// Fields under names of their own or none, behind what is the same in each record.
    #[inline(never)]
    fn push_groups(&self, record: &Record<'_>, out: &mut Vec<u8>) {
        for (name, value) in self.schema.constants {
            self.push_name(name, out);
            out.extend_from_slice(value.as_bytes());
        }
        self.push_ungrouped(record, out);
        let opened = self.open_group(self.schema.resource, out);
        self.push_bound(record.identity(), out);
        self.close_group(opened, out);
        let opened = self.open_group(self.schema.attributes, out);
        self.push_bound(record.context(), out);
        self.push_fields(&mut record.fields(), out);
        if self.message_template == MessageTemplate::Shown {
            self.push_template(record, out);
        }
        self.close_group(opened, out);
    }

    fn push_template(&self, record: &Record<'_>, out: &mut Vec<u8>) {
        let template = record.template();
        // A message without arguments is its own; and what made a record too long is not said twice.
        let has_arguments = !record.is_literal() && template != record.message() && !template.is_empty();
        if has_arguments && record.cut_from().is_none() {
            self.push_name(keys::TEMPLATE, out);
            match record.shape.rules.passes_message(template) {
                true => push_text(template, out),
                false => push_text(&record.reading().shown_message(template), out),
            }
        }
    }

    fn open_group(&self, name: Option<&str>, out: &mut Vec<u8>) -> Option<usize> {
        self.push_name(name?, out);
        Some(out.len())
    }

    /// The comma before the first field of a group becomes its brace.
    fn close_group(&self, opened: Option<usize>, out: &mut Vec<u8>) {
        let Some(opened) = opened else { return };
        match out.get_mut(opened) {
            Some(comma) => *comma = b'{',
            None => out.push(b'{'),
        }
        out.push(b'}');
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
        // One function is chosen and jumped to, so that none pays for the registers that another needs.
        let push: Push = match record.head_of(self.number) {
            Some(head) if head.body() == Body::Bound && record.is_unbound() && record.rate().is_one() => {
                Json::push_whole
            }
            Some(_) => Json::push_known,
            None => Json::push_anew,
        };
        push(self, record, out)
    }

    fn encode_bound(&self, fields: &mut FieldCursor<'_>, out: &mut Vec<u8>) -> bool {
        self.push_fields(fields, out);
        true
    }

    fn is_same(&self, other: &dyn Any) -> bool {
        let same = |other: &Json| other.schema == self.schema && other.message_template == self.message_template;
        other.downcast_ref::<Json>().is_some_and(same)
    }
}

impl Json {
    /// The time and what stands behind it. Says whether that could be done at once: if not, nothing was.
    #[inline(always)]
    fn push_time_and(&self, text: &[u8], record: &Record<'_>, out: &mut Vec<u8>) -> bool {
        let Some(second) = record.second_digits() else { return false };
        push_time_between(&self.before_time, second, record.timestamp().subsec_nanos(), text, out)
    }

    /// Makes what [`Json::push_time_and`] missed, and has the record pushed.
    #[cold]
    fn prepare_and(push: Push, json: &Json, record: &Record<'_>, out: &mut Vec<u8>) -> Partition {
        record.renew_second();
        reserve_for_time(record.head.whole(), out);
        push(json, record, out)
    }

    /// A record of which only the time is new.
    fn push_whole(&self, record: &Record<'_>, out: &mut Vec<u8>) -> Partition {
        match self.push_time_and(record.head.whole(), record, out) {
            true => Partition::NONE,
            false => Json::prepare_and(Json::push_whole, self, record, out),
        }
    }

    /// A record from a known place in the program.
    fn push_known(&self, record: &Record<'_>, out: &mut Vec<u8>) -> Partition {
        if !self.push_time_and(record.head.text(), record, out) {
            return Json::prepare_and(Json::push_known, self, record, out);
        }
        let prepared = match record.head.body() {
            Body::Unknown => None,
            Body::PlainKeys | Body::Bound => record.prepared(),
        };
        let Some((identity, context)) = prepared else { return self.push_body(record, out) };
        let mut line = Appender::new(out);
        if !identity.is_empty() {
            line.bytes(identity);
        }
        line.bytes(context);
        if let Fields::Gathered { keys, values } = record.call.fields {
            let fields = keys.keys.iter().zip(values);
            let taken = append_values(&record.shape.rules, fields, Key::fragment, self.schema.duration, &mut line);
            if taken < keys.keys.len() {
                line.with_vec(|out| self.push_fields(&mut record.fields().skipping(taken), out));
            }
        }
        if !record.rate().is_one() {
            line.with_vec(|out| self.push_extras(record, out));
        }
        line.literal(END);
        line.finish();
        Partition::NONE
    }

    /// A record whose message is put together, or of whose place in the program nothing is kept yet.
    fn push_anew(&self, record: &Record<'_>, out: &mut Vec<u8>) -> Partition {
        if !self.keeps_heads {
            out.extend_from_slice(self.open.get().text().as_bytes());
            push_time(&self.schema.time, record.timestamp(), out);
        } else if !self.push_time_and(b"", record, out) {
            return Json::prepare_and(Json::push_anew, self, record, out);
        }
        let start = out.len();
        let mut line = Appender::new(out);
        line.text_between(self.level(record.level()).get(), record.target(), b"\"");
        line.text_between(self.message.get(), record.message(), b"\"");
        line.finish();
        if self.keeps_heads && record.wants_head() {
            self.keep_head(record, &out[start..]);
        }
        self.push_body(record, out)
    }

    /// All behind the head.
    #[inline(never)]
    fn push_body(&self, record: &Record<'_>, out: &mut Vec<u8>) -> Partition {
        if self.is_flat {
            match record.prepared() {
                Some((identity, context)) => {
                    out.extend_from_slice(identity);
                    out.extend_from_slice(context);
                }
                None => {
                    self.push_bound(record.identity(), out);
                    self.push_bound(record.context(), out);
                }
            }
            if !record.call.fields.is_empty() {
                self.push_fields(&mut record.fields(), out);
            }
        } else {
            self.push_groups(record, out);
        }
        if record.has_extras() {
            self.push_extras(record, out);
        }
        out.extend_from_slice(END);
        Partition::NONE
    }
}

/// Appends fields as long as they are of the common kinds; says how many.
#[inline(always)]
fn append_values<'r>(
    rules: &Rules,
    fields: impl Iterator<Item = (&'r Key<'r>, &'r Value<'r>)>,
    fragment_of: impl Fn(&Key<'r>) -> Option<Padded<'r>>,
    form: DurationForm,
    line: &mut Appender<'_>,
) -> usize {
    let mut taken = 0;
    for (key, value) in fields {
        let is_harmless = key.is_harmless();
        let Some(key) = fragment_of(key) else { break };
        // Text by itself: it is what there is most of.
        if let Value::Str(text) = *value {
            if !rules.passes_under(is_harmless, text) {
                break;
            }
            line.text_field(key, text);
        } else {
            let field = line.short_field(key);
            match *value {
                Value::Duration(duration) => match (form, u64::try_from(duration.as_nanos())) {
                    (DurationForm::Millis, Ok(nanos)) => field.millis(nanos),
                    _ => line.with_vec(|out| push_plain_duration(key, duration, form, out)),
                },
                Value::U64(number) => field.unsigned(number),
                Value::I64(number) => field.signed(number),
                Value::F64(number) if number.is_finite() => field.finite(number),
                Value::Bool(true) => field.literal(b"true"),
                Value::Bool(false) => field.literal(b"false"),
                _ => break,
            }
        }
        taken += 1;
    }
    taken
}

fn next_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
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
    match form {
        DurationForm::Nanos => out.extend_from_slice(itoa::Buffer::new().format(duration.as_nanos()).as_bytes()),
        DurationForm::Millis => match u64::try_from(duration.as_nanos()) {
            Ok(nanos) => push_fixed::<6>(nanos / 1_000_000, nanos % 1_000_000, out),
            // Centuries: what stands behind the point of a second follows its digits.
            Err(_) => {
                out.extend_from_slice(itoa::Buffer::new().format(duration.as_millis()).as_bytes());
                push_fraction::<6>(u64::from(duration.subsec_nanos() % 1_000_000), out);
            }
        },
        DurationForm::Seconds => push_fixed::<9>(duration.as_secs(), u64::from(duration.subsec_nanos()), out),
        DurationForm::Text => {
            out.push(b'"');
            push_fixed::<9>(duration.as_secs(), u64::from(duration.subsec_nanos()), out);
            out.extend_from_slice(b"s\"");
        }
    }
}

/// A number with so many digits behind the point, as far as they are not zero.
fn push_fixed<const PLACES: usize>(whole: u64, fraction: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(whole).as_bytes());
    push_fraction::<PLACES>(fraction, out);
}

fn push_fraction<const PLACES: usize>(fraction: u64, out: &mut Vec<u8>) {
    if fraction > 0 {
        let mut digits = [b'0'; PLACES];
        let mut rest = fraction;
        for digit in digits.iter_mut().rev() {
            *digit += (rest % 10) as u8;
            rest /= 10;
        }
        let used = digits.iter().rposition(|digit| *digit != b'0').map_or(0, |last| last + 1);
        out.push(b'.');
        out.extend_from_slice(&digits[..used]);
    }
}

/// A span of time under a key that was prepared when the program was built.
#[inline(never)]
fn push_plain_duration(key: Padded<'_>, duration: Duration, form: DurationForm, out: &mut Vec<u8>) {
    let suffix = suffix_of(form);
    let text = key.text();
    let name = &text[..text.len() - 2];
    out.extend_from_slice(name.as_bytes());
    if !name.ends_with(suffix) {
        out.extend_from_slice(suffix.as_bytes());
    }
    out.extend_from_slice(b"\":");
    push_duration(duration, form, out);
}

/// What ends the name of a span of time.
fn suffix_of(form: DurationForm) -> &'static str {
    match form {
        DurationForm::Seconds => "_s",
        DurationForm::Millis => "_ms",
        DurationForm::Nanos => "_ns",
        DurationForm::Text => "",
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
