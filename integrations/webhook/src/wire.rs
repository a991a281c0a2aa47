//! The body of a request: records of JSON, as one array or as lines.

/// How the records of a batch stand in the body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// As a JSON array: `[{…},{…}]`, as `application/json`.
    #[default]
    Array,
    /// As lines of JSON: one record each, as `application/x-ndjson`.
    Lines,
}

impl Shape {
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Shape::Array => "application/json",
            Shape::Lines => "application/x-ndjson",
        }
    }

    /// Appends a body of these records. Says which of them are left out, since they would break it.
    pub(crate) fn write<'a>(self, records: impl Iterator<Item = &'a [u8]>, out: &mut Vec<u8>) -> Vec<usize> {
        let (before, between, after): (&[u8], &[u8], &[u8]) = match self {
            Shape::Array => (b"[", b",", b"]"),
            Shape::Lines => (b"", b"", b""),
        };
        let start = out.len() + before.len();
        let mut left_out = Vec::new();
        out.extend_from_slice(before);
        for (index, record) in records.enumerate() {
            let Some(object) = object_of(record) else {
                left_out.push(index);
                continue;
            };
            if out.len() > start {
                out.extend_from_slice(between);
            }
            out.extend_from_slice(object);
            if self == Shape::Lines {
                out.push(b'\n');
            }
        }
        out.extend_from_slice(after);
        left_out
    }
}

/// A record without its end, if it looks like one line of JSON. What is within is the encoder's: to parse it all over
/// again would take longer than to write it did.
fn object_of(record: &[u8]) -> Option<&[u8]> {
    let record = record.strip_suffix(b"\n").unwrap_or(record);
    let is_object = record.len() >= 2 && record.starts_with(b"{") && record.ends_with(b"}");
    (is_object && !record.contains(&b'\n') && std::str::from_utf8(record).is_ok()).then_some(record)
}

/// Why a record was left out.
pub(crate) const NOT_JSON: &str = "a record is not a line of JSON: let the output encode with `Json`";

#[cfg(test)]
mod tests {
    use super::*;
    use hyperlog_core::{Clock, Json, Logger, Memory, Output, Timestamp, error, info};

    fn body(shape: Shape, records: &[&[u8]]) -> (String, Vec<usize>) {
        let mut out = Vec::new();
        let left_out = shape.write(records.iter().copied(), &mut out);
        (String::from_utf8(out).unwrap(), left_out)
    }

    /// Records as the encoder writes them, one with all that has to be escaped.
    fn records() -> Vec<u8> {
        let (clock, _) = Clock::manual(Timestamp::new(1_795_162_542, 120_934_000));
        let memory = Memory::new();
        let output = Output::new(Json::new(), memory.clone());
        let logger = Logger::builder().clock(clock).output(output).build().unwrap();
        info!(logger: logger, target: "shop", "ready");
        info!(logger: logger, target: "shop", text = "],\n[\"\\{}\u{1f680}", "signed in");
        error!(logger: logger, target: "shop", attempts = 3, share = 0.5, "payment failed");
        memory.bytes()
    }

    #[test]
    fn bodies_are_as_they_always_were() {
        let records = records();
        let records: Vec<&[u8]> = records.split_inclusive(|byte| *byte == b'\n').collect();
        assert_eq!(body(Shape::Array, &records).0, include_str!("../tests/golden/array.json").trim_end());
        assert_eq!(body(Shape::Lines, &records).0, include_str!("../tests/golden/lines.ndjson"));
        let read: serde_json::Value = serde_json::from_str(&body(Shape::Array, &records).0).unwrap();
        assert_eq!(read[1]["text"], "],\n[\"\\{}\u{1f680}");
    }

    #[test]
    fn what_would_break_the_body_is_left_out_wherever_it_stands() {
        let bad: [&[u8]; 8] = [b"", b"\n", b"text\n", b"{", b"{\n}\n", b"[1]\n", b"{}\n{}\n", b"{\"a\":\"\xff\"}\n"];
        for bad in bad {
            for (records, left_out) in [([bad, b"{\"a\":1}\n"], 0), ([b"{\"a\":1}\n", bad], 1)] {
                assert_eq!(body(Shape::Array, &records), ("[{\"a\":1}]".to_owned(), vec![left_out]), "{bad:?}");
                assert_eq!(body(Shape::Lines, &records), ("{\"a\":1}\n".to_owned(), vec![left_out]), "{bad:?}");
            }
        }
        assert_eq!(body(Shape::Array, &[b"{}"]).0, "[{}]", "a record need not end in a line feed");
    }
}
