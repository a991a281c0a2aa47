//! What callers say along a trace, as W3C Baggage has it in `baggage`.
//!
//! The header is read strictly and as a whole: one entry that is not as the standard wants it, and there is no baggage.
//! Only entries that somebody named become fields, since anybody may send any.

use crate::field::FieldSet;
use crate::http::extract::Extract;
use crate::http::head::RequestHead;
use crate::http::shown;

/// The entries that become fields.
pub(crate) struct Baggage(Vec<Named>);

struct Named {
    name: Box<str>,
    /// As the field is called, so that no entry can be taken for anything else.
    key: Box<str>,
}

const HEADER: &str = "baggage";

/// Nobody has to pass on more.
const LONGEST: usize = 8192;

impl Baggage {
    pub(crate) fn of(names: impl IntoIterator<Item = impl AsRef<str>>) -> Baggage {
        let named = |name: &str| Named { name: name.into(), key: format!("baggage.{name}").into() };
        Baggage(names.into_iter().map(|name| named(name.as_ref())).collect())
    }

    fn tell(&self, entries: &[(&str, &str)], fields: &mut FieldSet) {
        for named in &self.0 {
            // Of several with one name the last counts: told one by one, they might be more than a record has room for.
            if let Some((_, value)) = entries.iter().rfind(|(name, _)| *named.name == **name) {
                fields.add(&named.key, &*shown::percent_decoded(value));
            }
        }
    }
}

impl Extract for Baggage {
    fn on_request(&self, head: &dyn RequestHead, fields: &mut FieldSet) {
        let Some(first) = head.header(HEADER) else { return };
        // Several lines are one list.
        let mut whole = Vec::with_capacity(first.len().min(LONGEST));
        head.for_each_header(&mut |header| {
            if header.name == HEADER && whole.len() <= LONGEST {
                if !whole.is_empty() {
                    whole.push(b',');
                }
                whole.extend_from_slice(&header.value[..header.value.len().min(LONGEST + 1)]);
            }
        });
        if let Some(entries) = parse(&whole) {
            self.tell(&entries, fields);
        }
    }
}

/// The names and values of all entries, if each is valid.
fn parse(header: &[u8]) -> Option<Vec<(&str, &str)>> {
    let text = std::str::from_utf8(header).ok().filter(|text| text.len() <= LONGEST)?;
    text.split(',').map(parse_entry).collect()
}

/// `name=value;property;another=value`, with spaces around each sign.
fn parse_entry(entry: &str) -> Option<(&str, &str)> {
    let mut parts = entry.split(';').map(|part| part.trim_matches([' ', '\t']));
    let (name, value) = parts.next()?.split_once('=')?;
    let (name, value) = (name.trim_end_matches([' ', '\t']), value.trim_start_matches([' ', '\t']));
    let is_valid = is_token(name) && is_value(value) && parts.all(is_property);
    is_valid.then_some((name, value))
}

fn is_property(property: &str) -> bool {
    match property.split_once('=') {
        None => is_token(property),
        Some((name, value)) => {
            is_token(name.trim_end_matches([' ', '\t'])) && is_value(value.trim_start_matches([' ', '\t']))
        }
    }
}

/// As RFC 9110 has it.
fn is_token(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_allowed)
}

fn is_value(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'!'..=b'~') && !b"\",;\\".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logger::Logger;

    #[track_caller]
    fn check(header: &[u8], expected: Option<&[(&str, &str)]>) {
        assert_eq!(parse(header).as_deref(), expected, "{}", String::from_utf8_lossy(header));
    }

    #[test]
    fn what_the_standard_does_not_allow_is_no_baggage() {
        check(b"tenant=acme", Some(&[("tenant", "acme")]));
        check(b"a=1,b=2", Some(&[("a", "1"), ("b", "2")]));
        check(b" a =\t1 ; hidden ; ttl = 30 ,b=", Some(&[("a", "1"), ("b", "")]));
        check(b"a=b=c", Some(&[("a", "b=c")]));
        check(b"", None);
        check(b"a", None);
        check(b"=1", None);
        check(b"a=1,", None);
        check(b"a=1,,b=2", None);
        check(b"a b=1", None);
        check(b"a=one two", None);
        check(b"a=\"1\"", None);
        check(b"a=back\\slash", None);
        check(b"a=1;", None);
        check(b"a=1;p q", None);
        check(b"a=1;p=\"", None);
        check("a=\u{e4}".as_bytes(), None);
        check(b"a=\xff", None);
        check(b"a=1\x00", None);
    }

    #[test]
    fn what_is_longer_than_anybody_has_to_take_is_no_baggage() {
        let of = |length: usize| format!("a={}", "1".repeat(length - 2)).into_bytes();
        assert!(parse(&of(LONGEST)).is_some() && parse(&of(LONGEST + 1)).is_none() && parse(&of(64 << 10)).is_none());
        assert!(parse(&vec![b','; 64 << 10]).is_none());
    }

    #[test]
    fn only_what_was_named_is_told_with_its_escapes_undone() {
        let (logger, captured) = Logger::capture();
        let mut fields = FieldSet::new();
        let entries = parse(b"tenant=acme%20%e2%82%ac+1,status=200,other=x,tenant=last").unwrap();
        Baggage::of(["status"]).tell(&entries, &mut fields);
        Baggage::of(["tenant"]).tell(&entries[..3], &mut fields);
        logger.log(crate::Level::INFO, "told", &fields);
        let record = captured.only();
        assert_eq!((record.text("baggage.tenant"), record.text("baggage.status")), ("acme \u{20ac}+1", "200"));
        assert!(!record.has("baggage.other") && !record.has("status"), "{record}");
    }

    #[test]
    fn an_entry_that_is_sent_many_times_is_one_field_with_the_last_value() {
        let header = (0..1000).map(|number| format!("tenant={number}")).collect::<Vec<_>>().join(",");
        let header = &header.as_bytes()[..header[..LONGEST].rfind(',').unwrap()];
        let mut fields = FieldSet::new();
        Baggage::of(["tenant", "other"]).tell(&parse(header).unwrap(), &mut fields);
        assert_eq!((fields.count(), fields.text("baggage.tenant")), (1, Some("753")));
    }
}
