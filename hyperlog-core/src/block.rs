//! Fields in their owned form: one run of bytes.
//!
//! A context, the fields of a bridge, what a hook adds and what a test captures are kept this way: copied once, without
//! a tree of boxes, and read again without a parser. Whatever has to be formatted is formatted on the way in.

use crate::append::Appender;
use crate::contain::contain;
use crate::key::Key;
use crate::limits::{LONGEST_TEXT, cut, format_into};
use crate::time::Timestamp;
use crate::value::{Tree, TreeVisitor, Value};
use std::error::Error;
use std::time::Duration;

/// Fields, appended one after the other.
#[derive(Clone, Default)]
pub(crate) struct Block {
    bytes: Vec<u8>,
}

const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const I64: u8 = 3;
const U64: u8 = 4;
const I128: u8 = 5;
const U128: u8 = 6;
const F32: u8 = 7;
const F64: u8 = 8;
const CHAR: u8 = 9;
const STR: u8 = 10;
const DURATION: u8 = 11;
const TIME: u8 = 12;
const TREE: u8 = 13;

const MAP: u8 = 20;
const LIST: u8 = 21;
const END: u8 = 22;
const KEY: u8 = 23;

/// No tree takes more than this and its last text: what made it full may itself have been the longest text.
const LONGEST_TREE: usize = 2 * LONGEST_TEXT + 1024;
/// No tree is followed deeper than this, whatever the limits of the logger are.
const DEEPEST: usize = 120;
/// Nor a chain of causes further: it may be a ring.
const MOST_CAUSES: usize = 32;

impl Block {
    pub(crate) const fn new() -> Block {
        Block { bytes: Vec::new() }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
    }

    /// Adds the fields of another behind those that are there.
    pub(crate) fn append(&mut self, other: &Block) {
        self.bytes.extend_from_slice(&other.bytes);
    }

    /// Adds a field as it stood in another.
    pub(crate) fn push_entry(&mut self, entry: &[u8]) {
        self.bytes.extend_from_slice(entry);
    }

    /// Forgets all fields behind so many bytes.
    pub(crate) fn truncate(&mut self, length: usize) {
        self.bytes.truncate(length);
    }

    /// Gives back memory that is larger than this, with the fields in it.
    pub(crate) fn shed(&mut self, largest: usize) {
        if self.bytes.capacity() > largest {
            self.bytes = Vec::new();
        }
    }

    /// Lets fields be put behind those that are there.
    pub(crate) fn fill(&mut self, push: impl FnOnce(&mut Vec<u8>)) {
        push(&mut self.bytes);
    }

    /// Puts fields before those that are there.
    pub(crate) fn prepend(&mut self, push: impl FnOnce(&mut Vec<u8>)) {
        let mut before = Vec::new();
        push(&mut before);
        self.bytes.splice(..0, before);
    }

    /// Appends a field; an error becomes as many as three, `name`, `name.causes` and `name.type`.
    pub(crate) fn push(&mut self, name: &str, value: Value<'_>) {
        push(name, value, &mut self.bytes);
    }
}

/// [`Block::push`], to any bytes.
pub(crate) fn push(name: &str, value: Value<'_>, out: &mut Vec<u8>) {
    push_text(name, out);
    push_value(value, out);
    match value {
        Value::Error(error) => push_causes(name, error, out),
        Value::TypedError(typed) => {
            push_causes(name, typed.error, out);
            push_text_pieces(&[name, TYPE], out);
            push_value(Value::Str(typed.name), out);
        }
        _ => {}
    }
}

fn push_causes(name: &str, error: &(dyn Error + 'static), out: &mut Vec<u8>) {
    if has_source(error) {
        push_text_pieces(&[name, CAUSES], out);
        push_tree(&Causes(error), out);
    }
}

/// Appends a value of the common kinds without a name; says whether it is one. Whether a text may be shown is for the
/// caller to ask.
#[inline(always)]
pub(crate) fn push_plain_value(value: &Value<'_>, values: &mut Appender<'_>) -> bool {
    match *value {
        Value::Str(text) => values.stored_text(STR, text),
        Value::U64(number) => values.stored_scalar(U64, number.to_le_bytes()),
        Value::I64(number) => values.stored_scalar(I64, number.to_le_bytes()),
        Value::F64(number) => values.stored_scalar(F64, number.to_le_bytes()),
        Value::Bool(value) => values.stored_scalar(if value { TRUE } else { FALSE }, []),
        _ => return false,
    }
    true
}

/// Appends a field whose value stands among values without names; says what stands behind that one.
pub(crate) fn push_stored<'v>(name: &str, values: &'v [u8], out: &mut Vec<u8>) -> Option<&'v [u8]> {
    let mut entries = Entries::new(values);
    entries.skip_value()?;
    let (value, behind) = values.split_at(values.len() - entries.remaining());
    push_text(name, out);
    out.extend_from_slice(value);
    Some(behind)
}

/// What follows the name of an error where its causes are told.
pub(crate) const CAUSES: &str = ".causes";
/// And where its type is named.
pub(crate) const TYPE: &str = ".type";

/// Whether this, behind the name of an error, is what an error brings along.
#[cfg(feature = "http")]
pub(crate) fn is_brought(suffix: &str) -> bool {
    [CAUSES, TYPE].contains(&suffix)
}

/// Whatever an error does when it is asked, the record goes on.
fn has_source(error: &(dyn Error + 'static)) -> bool {
    contain(|| error.source().is_some()).unwrap_or(false)
}

/// All that an error says caused it.
struct Causes<'a>(&'a (dyn Error + 'static));

impl Tree for Causes<'_> {
    fn walk(&self, visitor: &mut dyn TreeVisitor) {
        visitor.begin_list();
        let causes = std::iter::successors(self.0.source(), |&cause| cause.source());
        for cause in causes.take(MOST_CAUSES) {
            visitor.value(Value::Display(&cause));
        }
        visitor.end();
    }
}

fn push_text(text: &str, out: &mut Vec<u8>) {
    push_text_pieces(&[text], out);
}

fn push_text_pieces(pieces: &[&str], out: &mut Vec<u8>) {
    push_sized(out, |out| {
        for piece in pieces {
            out.extend_from_slice(cut(piece, LONGEST_TEXT).as_bytes());
        }
    });
}

/// Appends a length and what it is the length of.
fn push_sized(out: &mut Vec<u8>, push: impl FnOnce(&mut Vec<u8>)) {
    let length_at = out.len();
    out.extend_from_slice(&[0; 4]);
    push(out);
    let length = (out.len() - length_at - 4) as u32;
    out[length_at..length_at + 4].copy_from_slice(&length.to_le_bytes());
}

fn push_value(value: Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.push(NULL),
        Value::Bool(value) => out.push(if value { TRUE } else { FALSE }),
        Value::I64(value) => push_scalar(I64, value.to_le_bytes(), out),
        Value::U64(value) => push_scalar(U64, value.to_le_bytes(), out),
        Value::I128(value) => push_scalar(I128, value.to_le_bytes(), out),
        Value::U128(value) => push_scalar(U128, value.to_le_bytes(), out),
        Value::F32(value) => push_scalar(F32, value.to_le_bytes(), out),
        Value::F64(value) => push_scalar(F64, value.to_le_bytes(), out),
        Value::Char(value) => push_scalar(CHAR, u32::from(value).to_le_bytes(), out),
        Value::Str(text) => {
            out.push(STR);
            push_text(text, out);
        }
        Value::Duration(value) => {
            push_scalar(DURATION, value.as_secs().to_le_bytes(), out);
            out.extend_from_slice(&value.subsec_nanos().to_le_bytes());
        }
        Value::Time(value) => {
            push_scalar(TIME, value.seconds().to_le_bytes(), out);
            out.extend_from_slice(&value.subsec_nanos().to_le_bytes());
        }
        Value::Bytes(_) | Value::Display(_) | Value::Debug(_) | Value::Error(_) | Value::TypedError(_) => {
            out.push(STR);
            push_sized(out, |out| format_into(value, out));
        }
        Value::Tree(tree) => push_tree(tree, out),
    }
}

fn push_scalar<const LENGTH: usize>(tag: u8, bytes: [u8; LENGTH], out: &mut Vec<u8>) {
    out.push(tag);
    out.extend_from_slice(&bytes);
}

fn push_tree(tree: &dyn Tree, out: &mut Vec<u8>) {
    let start = out.len();
    let walk = || {
        out.push(TREE);
        push_sized(out, |out| {
            let mut writer = TreeWriter::new(out);
            tree.walk(&mut writer);
            writer.finish();
        });
    };
    if contain(walk).is_none() {
        // Half a tree may be half of anything: it goes.
        out.truncate(start);
        push_value(Value::Str("[its formatting panicked]"), out);
    }
}

/// Writes what a tree shows, and keeps it well-formed whatever the tree does.
pub(crate) struct TreeWriter<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    open: Vec<u8>,
    /// How many levels below [`DEEPEST`] are being passed over.
    passed_over: usize,
    /// Whether a map waits for the value of a key.
    keyed: bool,
    /// How many trees are being walked, each inside the one before.
    walks: usize,
}

impl<'a> TreeWriter<'a> {
    fn new(out: &'a mut Vec<u8>) -> TreeWriter<'a> {
        let start = out.len();
        TreeWriter { out, start, open: Vec::new(), passed_over: 0, keyed: false, walks: 0 }
    }

    fn begin(&mut self, tag: u8) {
        if self.passed_over > 0 {
            self.passed_over += 1;
        } else if self.open.len() == DEEPEST || self.is_full() {
            self.value(Value::Str("[too deep]"));
            self.passed_over = 1;
        } else if self.place() {
            self.out.push(tag);
            self.open.push(tag);
        } else {
            self.passed_over = 1;
        }
    }

    /// Not every walk asks whether it is full. One that does may still say that it was cut.
    fn refuses(&self) -> bool {
        self.out.len() - self.start > LONGEST_TREE
    }

    /// Makes room for a value; says whether there is a place for one.
    fn place(&mut self) -> bool {
        match self.open.last() {
            None => self.out.len() == self.start,
            Some(&LIST) => true,
            Some(_) => {
                if !self.keyed {
                    self.out.push(KEY);
                    push_text("", self.out);
                }
                self.keyed = false;
                true
            }
        }
    }

    fn finish(&mut self) {
        while !self.open.is_empty() {
            self.passed_over = 0;
            self.end();
        }
        if self.out.len() == self.start {
            self.out.push(NULL);
        }
    }
}

impl TreeVisitor for TreeWriter<'_> {
    fn begin_map(&mut self) {
        self.begin(MAP);
    }

    fn begin_list(&mut self) {
        self.begin(LIST);
    }

    fn key(&mut self, key: &str) {
        if self.passed_over > 0 || self.open.last() != Some(&MAP) || self.refuses() {
            return;
        }
        if self.keyed {
            self.value(Value::Null);
        }
        self.out.push(KEY);
        push_text(key, self.out);
        self.keyed = true;
    }

    fn value(&mut self, value: Value<'_>) {
        // A key that stands there gets its value.
        if self.passed_over > 0 || self.refuses() && !self.keyed {
            return;
        }
        match value {
            Value::Tree(tree) if self.walks < DEEPEST => {
                self.walks += 1;
                tree.walk(self);
                self.walks -= 1;
            }
            Value::Tree(_) => self.value(Value::Str("[too deep]")),
            scalar if self.place() => push_value(scalar, self.out),
            _ => {}
        }
    }

    fn end(&mut self) {
        if self.passed_over > 0 {
            self.passed_over -= 1;
            return;
        }
        if self.keyed {
            self.value(Value::Null);
        }
        if self.open.pop().is_some() {
            self.out.push(END);
        }
    }

    fn is_full(&self) -> bool {
        self.out.len() - self.start > LONGEST_TEXT
    }
}

/// Reads a block from its beginning. Blocks are only written by this module; a torn one ends early.
#[derive(Clone)]
pub(crate) struct Entries<'a> {
    rest: &'a [u8],
}

impl<'a> Entries<'a> {
    pub(crate) fn new(block: &'a [u8]) -> Entries<'a> {
        Entries { rest: block }
    }

    /// How many bytes have not been read.
    pub(crate) fn remaining(&self) -> usize {
        self.rest.len()
    }

    #[inline]
    fn take_array<const LENGTH: usize>(&mut self) -> Option<[u8; LENGTH]> {
        let (head, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*head)
    }

    fn take_sized(&mut self) -> Option<&'a [u8]> {
        let length = u32::from_le_bytes(self.take_array()?) as usize;
        let (head, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(head)
    }

    fn take_text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.take_sized()?).ok()
    }

    /// The names alone: values are passed over without a look.
    pub(crate) fn names(mut self) -> impl Iterator<Item = &'a str> {
        std::iter::from_fn(move || {
            let name = self.take_text()?;
            self.skip_value()?;
            Some(name)
        })
    }

    /// Passes over a value without a look.
    fn skip_value(&mut self) -> Option<()> {
        let [tag] = self.take_array()?;
        match tag {
            STR | TREE => self.take_sized().map(drop),
            other => self.take_value(other).map(drop),
        }
    }

    fn take_value(&mut self, tag: u8) -> Option<Stored<'a>> {
        Some(Stored::Plain(match tag {
            NULL => Value::Null,
            FALSE => Value::Bool(false),
            TRUE => Value::Bool(true),
            I64 => Value::I64(i64::from_le_bytes(self.take_array()?)),
            U64 => Value::U64(u64::from_le_bytes(self.take_array()?)),
            I128 => return Some(Stored::I128(i128::from_le_bytes(self.take_array()?))),
            U128 => return Some(Stored::U128(u128::from_le_bytes(self.take_array()?))),
            F32 => Value::F32(f32::from_le_bytes(self.take_array()?)),
            F64 => Value::F64(f64::from_le_bytes(self.take_array()?)),
            CHAR => Value::Char(char::from_u32(u32::from_le_bytes(self.take_array()?))?),
            STR => Value::Str(self.take_text()?),
            DURATION => {
                let seconds = u64::from_le_bytes(self.take_array()?);
                let nanos = u32::from_le_bytes(self.take_array()?);
                Value::Duration(Duration::from_secs(seconds).saturating_add(Duration::from_nanos(nanos.into())))
            }
            TIME => {
                let seconds = i64::from_le_bytes(self.take_array()?);
                Value::Time(Timestamp::new(seconds, u32::from_le_bytes(self.take_array()?)))
            }
            TREE => return Some(Stored::Tree(StoredTree { bytes: self.take_sized()? })),
            _ => return None,
        }))
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = (Key<'a>, Stored<'a>);

    fn next(&mut self) -> Option<(Key<'a>, Stored<'a>)> {
        let name = self.take_text()?;
        let [tag] = self.take_array()?;
        Some((Key::new(name), self.take_value(tag)?))
    }
}

/// A value as a block holds it.
#[derive(Clone, Copy)]
pub(crate) enum Stored<'a> {
    Plain(Value<'a>),
    I128(i128),
    U128(u128),
    Tree(StoredTree<'a>),
}

impl Stored<'_> {
    /// The value, which may borrow from what holds it.
    pub(crate) fn value(&self) -> Value<'_> {
        match self {
            Stored::Plain(value) => *value,
            Stored::I128(value) => Value::I128(value),
            Stored::U128(value) => Value::U128(value),
            Stored::Tree(tree) => Value::Tree(tree),
        }
    }
}

/// A map or list as a block holds it.
#[derive(Clone, Copy)]
pub(crate) struct StoredTree<'a> {
    bytes: &'a [u8],
}

impl Tree for StoredTree<'_> {
    fn walk(&self, visitor: &mut dyn TreeVisitor) {
        let mut entries = Entries::new(self.bytes);
        while let Some([tag]) = entries.take_array() {
            match tag {
                MAP => visitor.begin_map(),
                LIST => visitor.begin_list(),
                END => visitor.end(),
                KEY => match entries.take_text() {
                    Some(key) => visitor.key(key),
                    None => return,
                },
                scalar => match entries.take_value(scalar) {
                    Some(stored) => visitor.value(stored.value()),
                    None => return,
                },
            }
        }
    }
}

/// A map or list that is kept, in memory that is used again.
#[derive(Default)]
pub(crate) struct TreeBytes(Vec<u8>);

impl TreeBytes {
    pub(crate) fn fill(&mut self, walk: impl FnOnce(&mut TreeWriter<'_>)) {
        self.0.clear();
        let mut writer = TreeWriter::new(&mut self.0);
        walk(&mut writer);
        writer.finish();
    }

    /// How much memory is held.
    pub(crate) fn capacity(&self) -> usize {
        self.0.capacity()
    }
}

impl Tree for TreeBytes {
    fn walk(&self, visitor: &mut dyn TreeVisitor) {
        StoredTree { bytes: &self.0 }.walk(visitor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{ToValue, list, map};

    #[test]
    fn memory_that_much_was_added_to_is_given_back_and_other_memory_is_not() {
        let mut block = Block::new();
        block.push("a", Value::Bool(true));
        block.shed(1 << 10);
        assert!(!block.as_bytes().is_empty());
        block.push("b", Value::Str(&"x".repeat(2 << 10)));
        block.shed(1 << 10);
        assert_eq!(block.bytes.capacity(), 0);
    }

    #[test]
    fn fields_are_read_back_as_they_were_pushed() {
        let mut block = Block::new();
        let values = [
            Value::Null,
            Value::Bool(true),
            Value::I64(-3),
            Value::U64(u64::MAX),
            Value::I128(&i128::MIN),
            Value::U128(&u128::MAX),
            Value::F32(0.1),
            Value::F64(-0.0),
            Value::Char('é'),
            Value::Duration(Duration::new(7, 5)),
            Value::Time(Timestamp::new(-1, 999)),
        ];
        for (index, value) in values.iter().enumerate() {
            block.push(&format!("key {index}"), *value);
        }
        let read: Vec<String> =
            Entries::new(block.as_bytes()).map(|(key, stored)| format!("{key:?} {:?}", stored.value())).collect();
        let pushed: Vec<String> =
            values.iter().enumerate().map(|(index, value)| format!("\"key {index}\" {value:?}")).collect();
        assert_eq!(read, pushed);
    }

    #[derive(Default)]
    struct Shown(String);
    impl TreeVisitor for Shown {
        fn begin_map(&mut self) {
            self.0.push('{');
        }
        fn begin_list(&mut self) {
            self.0.push('[');
        }
        fn key(&mut self, key: &str) {
            self.0.push_str(key);
            self.0.push(':');
        }
        fn value(&mut self, value: Value<'_>) {
            match value {
                Value::Str(text) => self.0.push_str(text),
                other => self.0.push_str(&format!("{other:?}")),
            }
            self.0.push(' ');
        }
        fn end(&mut self) {
            self.0.push(';');
        }
    }

    fn shown(tree: &dyn Tree) -> String {
        let mut block = Block::new();
        block.push("tree", Value::Tree(tree));
        let (_, stored) = Entries::new(block.as_bytes()).next().unwrap();
        let Stored::Tree(tree) = stored else { panic!("a tree was pushed") };
        let mut shown = Shown::default();
        tree.walk(&mut shown);
        shown.0
    }

    #[test]
    fn a_tree_is_read_back_as_it_was_walked() {
        let inner = list(&[1, 2]);
        let pairs = [("a", inner.to_value()), ("b", Value::Str("x"))];
        assert_eq!(shown(&map(&pairs)), "{a:[1 2 ;b:x ;");
    }

    struct Broken(fn(&mut dyn TreeVisitor));
    impl Tree for Broken {
        fn walk(&self, visitor: &mut dyn TreeVisitor) {
            (self.0)(visitor);
        }
    }

    #[test]
    fn a_tree_that_breaks_the_rules_is_still_well_formed() {
        let check = |walk: fn(&mut dyn TreeVisitor), expected: &str| assert_eq!(shown(&Broken(walk)), expected);
        check(|_| {}, "Null ");
        check(|visitor| visitor.end(), "Null ");
        check(|visitor| visitor.key("k"), "Null ");
        check(|visitor| visitor.begin_map(), "{;");
        check(
            |visitor| {
                visitor.begin_map();
                visitor.key("a");
                visitor.key("b");
            },
            "{a:Null b:Null ;",
        );
        check(
            |visitor| {
                visitor.begin_map();
                visitor.value(Value::Bool(true));
            },
            "{:true ;",
        );
        check(
            |visitor| {
                visitor.value(Value::U64(1));
                visitor.value(Value::U64(2));
                visitor.begin_list();
                visitor.value(Value::U64(3));
            },
            "1 ",
        );
    }

    #[test]
    fn a_tree_deeper_than_any_stack_is_cut() {
        let deep = shown(&Broken(|visitor| (0..100_000).for_each(|_| visitor.begin_list())));
        assert_eq!(deep.matches('[').count(), DEEPEST + 1, "one for the mark");
        assert!(deep.contains("[too deep]"));
    }

    #[test]
    fn a_tree_that_never_asks_whether_it_is_full_is_cut_all_the_same() {
        let length = |walk: fn(&mut dyn TreeVisitor)| {
            let mut block = Block::new();
            block.push("tree", Value::Tree(&Broken(walk)));
            assert!(Entries::new(block.as_bytes()).next().is_some(), "it is well-formed");
            block.as_bytes().len()
        };
        const MANY: u64 = LONGEST_TEXT as u64;
        let list = length(|visitor| {
            visitor.begin_list();
            (0..MANY).for_each(|number| visitor.value(Value::U64(number)));
        });
        let map = length(|visitor| {
            visitor.begin_map();
            (0..MANY).for_each(|number| {
                visitor.key("k");
                visitor.value(Value::U64(number));
            });
        });
        let nested = length(|visitor| {
            visitor.begin_list();
            (0..MANY).for_each(|_| {
                visitor.begin_list();
                visitor.end();
            });
        });
        for length in [list, map, nested] {
            assert!(length < LONGEST_TREE + 100, "{length}");
        }
    }

    #[test]
    fn an_error_brings_its_causes_and_a_ring_of_them_ends() {
        #[derive(Debug)]
        struct Ring;
        impl std::fmt::Display for Ring {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("ring")
            }
        }
        impl Error for Ring {
            fn source(&self) -> Option<&(dyn Error + 'static)> {
                Some(&Ring)
            }
        }
        let mut block = Block::new();
        block.push("error", Value::Error(&Ring));
        let names: Vec<&str> = Entries::new(block.as_bytes()).map(|(key, _)| key.name()).collect();
        assert_eq!(names, ["error", "error.causes"]);
    }
}
