//! Web hooks of hostile bytes: requests that are not quite what was signed are refused, and no error repeats a secret.

use hyperlog::webhook::{Signed, Verifier, Webhook};
use hyperlog_core::{Clock, Timestamp};

/// Changes a request that is signed, and then takes the bytes for keys, headers and requests of their own.
pub fn run(data: &[u8]) {
    change(data);
    let pieces: Vec<_> = data.split(|byte| *byte == 0xFF).map(String::from_utf8_lossy).collect();
    let piece = |index: usize| pieces.get(index).map_or("", |piece| &**piece);
    let (key, url, value) = (marked("whsec_", piece(0)), marked("https://a.example/", piece(1)), marked("", piece(3)));
    let mut told = String::new();
    for key in [&*key, piece(0)] {
        told.extend(Verifier::new([key]).err().map(|error| format!("{error} {error:?}")));
    }
    for (url, key) in [(&*url, &*key), (piece(1), &key), (&url, piece(0))] {
        let webhook = Webhook::new(url).secret(key).header(piece(2), &value).secret_header(piece(4), &value);
        told.extend(webhook.check().err().map(|error| format!("{error} {error:?}")));
    }
    // Only names of headers are told.
    let is_named = [1, 2, 4, 0].iter().any(|index| piece(*index).to_ascii_lowercase().contains(MARK));
    assert!(is_named || !told.contains(MARK), "{told}");
    let request = Signed { id: piece(2), timestamp: piece(3), signature: piece(4), body: piece(5).as_bytes() };
    assert!(verifier(0).verify(&request).is_err() && verifier(i64::MAX).verify(&request).is_err());
}

/// What no sentence of ours holds.
const MARK: &str = "hunter2";

fn marked(before: &str, piece: &str) -> String {
    format!("{before}{MARK}{piece}")
}

/// What the standard shows as an example.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const PIECES: [&str; 4] = [
    "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "1614265330",
    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    r#"{"test": 2432232314}"#,
];
const SENT: i64 = 1_614_265_330;

fn verifier(now: i64) -> Verifier {
    Verifier::new([SECRET]).expect("it is a key").clock(Clock::manual(Timestamp::new(now, 0)).0)
}

/// Puts bytes into the place of others, by pairs of a place and a byte.
fn change(data: &[u8]) {
    let mut pieces = PIECES.map(|piece| piece.as_bytes().to_vec());
    for pair in data.chunks_exact(2) {
        let mut bytes = pieces.iter_mut().flatten();
        if let Some(byte) = bytes.nth(pair[0].into()) {
            *byte = pair[1];
        }
    }
    let [id, timestamp, signature, body] = &pieces;
    let texts = [id, timestamp, signature].map(|bytes| std::str::from_utf8(bytes));
    let [Ok(id), Ok(timestamp), Ok(signature)] = texts else { return };
    let is_as_it_was = [id, timestamp, signature] == PIECES[..3] && body == PIECES[3].as_bytes();
    let verified = verifier(SENT).verify(&Signed { id, timestamp, signature, body });
    assert_eq!(verified.is_ok(), is_as_it_was, "{id:?} {timestamp:?} {signature:?} {body:?}");
}
