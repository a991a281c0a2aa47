//! Baggage of hostile bytes: what of it becomes fields is what the standard allows, and nothing else does.

use hyperlog_core::http::{Exchange, Header, Policy, RequestHead};
use hyperlog_core::{Json, Logger, Memory, Output, Redaction};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// Reads the bytes as lines, each of which is a header.
pub fn run(data: &[u8]) {
    let lines: Vec<&[u8]> = data.split(|byte| *byte == b'\n').collect();
    let told = told(&lines);
    assert_eq!(told, expected(&lines), "{}", String::from_utf8_lossy(data));
    // What was understood is understood once more when it is passed on.
    let entries: Vec<String> = told.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    let passed_on = entries.join(",");
    if !told.is_empty() && passed_on.len() <= LONGEST {
        assert_eq!(self::told(&[passed_on.as_bytes()]), told, "{passed_on}");
    }
}

/// The entries that become fields.
const NAMES: [&str; 3] = ["a", "tenant", "status"];

/// More than this nobody has to pass on.
const LONGEST: usize = 8192;

/// What the record of a request with these headers says of the entries.
fn told(lines: &[&[u8]]) -> BTreeMap<String, String> {
    static POLICY: OnceLock<Arc<Policy>> = OnceLock::new();
    let memory = Memory::new();
    let logger = Logger::builder().redaction(Redaction::off()).output(Output::new(Json::new(), memory.clone()));
    let logger = logger.build().expect("it can be built");
    let policy = POLICY.get_or_init(|| Arc::new(Policy::new().baggage(NAMES)));
    drop(Exchange::open(&logger, policy, &Head { lines }));
    let record: BTreeMap<String, serde_json::Value> =
        serde_json::from_str(&memory.text()).expect("a line is an object of JSON");
    assert_eq!(record["outcome"], "cancelled", "no entry takes the place of a field of the record");
    let entries = record.iter().filter_map(|(key, value)| Some((key.strip_prefix("baggage.")?, value)));
    entries.map(|(name, value)| (name.to_owned(), value.as_str().expect("it is text").to_owned())).collect()
}

struct Head<'a> {
    lines: &'a [&'a [u8]],
}

impl RequestHead for Head<'_> {
    fn method(&self) -> &str {
        "GET"
    }

    fn path(&self) -> &str {
        "/"
    }

    fn header(&self, name: &str) -> Option<&[u8]> {
        self.lines.first().copied().filter(|_| name == "baggage")
    }

    fn for_each_header<'h>(&'h self, each: &mut dyn FnMut(Header<'h>)) {
        self.lines.iter().for_each(|value| each(Header { name: "baggage", value, is_sensitive: false }));
    }
}

/// The same by a reader of another kind, which goes from sign to sign.
fn expected(lines: &[&[u8]]) -> BTreeMap<String, String> {
    let written = lines.iter().skip_while(|line| line.is_empty()).copied().collect::<Vec<_>>().join(&b',');
    let mut reader = Reader { rest: &written };
    let mut entries = BTreeMap::new();
    let is_valid = written.len() <= LONGEST && reader.read_list(&mut entries).is_some();
    entries.retain(|name, _| is_valid && NAMES.contains(&&**name));
    entries
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn read_list(&mut self, entries: &mut BTreeMap<String, String>) -> Option<()> {
        loop {
            let (name, value) = (self.read_name()?, self.read_assigned()?);
            entries.insert(String::from_utf8_lossy(name).into_owned(), unescaped(value));
            while self.take(b';') {
                self.read_name()?;
                if self.rest.first() == Some(&b'=') {
                    self.read_assigned()?;
                }
            }
            if self.rest.is_empty() {
                return Some(());
            }
            self.take(b',').then_some(())?;
        }
    }

    /// A token, with the blanks around it.
    fn read_name(&mut self) -> Option<&'a [u8]> {
        let name = self.read_padded(|byte| match byte {
            b'"' | b'(' | b')' | b',' | b'/' | b':' | b';' | b'<' | b'=' | b'>' | b'?' | b'@' | b'[' | b'\\' | b']'
            | b'{' | b'}' => false,
            _ => byte.is_ascii_graphic(),
        });
        (!name.is_empty()).then_some(name)
    }

    /// The sign, and the value behind it.
    fn read_assigned(&mut self) -> Option<&'a [u8]> {
        let is_value = |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b';' | b'\\');
        self.take(b'=').then(|| self.read_padded(is_value))
    }

    fn read_padded(&mut self, is_part: impl Fn(&u8) -> bool) -> &'a [u8] {
        self.read_while(|byte| matches!(byte, b' ' | b'\t'));
        let part = self.read_while(is_part);
        self.read_while(|byte| matches!(byte, b' ' | b'\t'));
        part
    }

    fn read_while(&mut self, is_part: impl Fn(&u8) -> bool) -> &'a [u8] {
        let (part, rest) = self.rest.split_at(self.rest.iter().take_while(|byte| is_part(byte)).count());
        self.rest = rest;
        part
    }

    fn take(&mut self, sign: u8) -> bool {
        let rest = self.rest.strip_prefix(&[sign]);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }
}

/// What `%XX` stands for; a sign of percent that begins no such thing is one.
fn unescaped(value: &[u8]) -> String {
    let (mut bytes, mut at) = (Vec::new(), 0);
    while at < value.len() {
        let digits = value.get(at + 1..at + 3).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let digits = digits.filter(|_| value[at] == b'%').map(String::from_utf8_lossy);
        bytes.push(digits.as_ref().map_or(value[at], |digits| u8::from_str_radix(digits, 16).expect("two digits")));
        at += if digits.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn escaped(value: &str) -> String {
    value.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
