//! Requests that want to break the log: every record stays one line.

use hyperlog::{Encode, Json, Logfmt, Logger, Memory, Output, Pretty};

use crate::host::Host;
use crate::stage::Stage;

pub(crate) fn whatever_stands_in_a_request_a_record_is_one_line<H: Host>() {
    check::<H>(Json::new());
    check::<H>(Logfmt::new());
    check::<H>(Pretty::new());
}

fn check<H: Host>(encoder: impl Encode + Clone) {
    let query = "q".repeat(16 * 1024);
    let paths: [&[u8]; 6] = [
        b"/no/%0aforged%0d%1b[31m%22%5c",
        b"/no/%ff%fe%c3%28",
        b"/no/\xc3\xa9\xff\x9b31m",
        b"/no/\"quoted\"{x}|y^`\\",
        b"/no/such?forged=%0a%1b",
        &[b"/no/such?", query.as_bytes()].concat(),
    ];
    for path in paths {
        let memory = Memory::new();
        let logger = Logger::builder().output(Output::new(encoder.clone(), memory.clone())).build();
        let stage = Stage::with::<H>(|setup| setup.logger = logger.expect("one output can be built"));
        let mut connection = stage.connect();
        connection.write(&[b"GET ", path, b" HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"].concat());
        let is_taken = connection.try_reply().is_some_and(|reply| reply.status == 404);
        stage.stop();
        let written = memory.bytes();
        let shown = String::from_utf8(written).expect("what is written is UTF-8");
        assert_eq!(shown.lines().count(), usize::from(is_taken), "{}: {shown:?}", path.escape_ascii());
        let is_harmless = |letter: char| !letter.is_control() || letter == '\n';
        assert!(shown.chars().all(is_harmless) && !shown.contains("qqqq"), "{shown:?}");
    }
}
