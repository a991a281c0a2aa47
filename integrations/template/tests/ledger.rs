//! A ledger of the test: it takes batches, is busy, is silent, and talks nonsense.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyperlog_core::{Condition, Json, Logger, Output, info};
use hyperlog_delivery::Retry;
use hyperlog_delivery::testing::check_backend;
use hyperlog_template::Ledger;

/// How a ledger answers a batch.
type Answers = dyn Fn(&Batch) -> &'static str + Send + Sync;

struct Batch {
    records: Vec<u8>,
    /// How many came before it.
    number: usize,
}

struct Server {
    address: SocketAddr,
    /// The ids of all batches, and the records of those that were taken.
    ids: Arc<Mutex<Vec<String>>>,
    taken: Arc<Mutex<Vec<u8>>>,
}

impl Server {
    /// Answers as it is told to. An answer of no text is silence, and the end of the connection.
    fn start(answers: impl Fn(&Batch) -> &'static str + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
        let address = listener.local_addr().expect("it has an address");
        let (ids, taken) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<Mutex<Vec<u8>>>::default());
        let server = Server { address, ids: Arc::clone(&ids), taken: Arc::clone(&taken) };
        let answers: Arc<Answers> = Arc::new(answers);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answers, ids, taken) = (Arc::clone(&answers), Arc::clone(&ids), Arc::clone(&taken));
                std::thread::spawn(move || serve(stream, &*answers, &ids, &taken));
            }
        });
        server
    }

    fn ledger(&self) -> Ledger {
        Ledger::new(&self.address.to_string()).answer_within(Duration::from_secs(5))
    }
}

fn serve(stream: TcpStream, answers: &Answers, ids: &Mutex<Vec<String>>, taken: &Mutex<Vec<u8>>) -> Option<()> {
    let mut writer = stream.try_clone().ok()?;
    let mut reader = BufReader::new(stream);
    loop {
        let mut head = String::new();
        reader.read_line(&mut head).ok().filter(|length| *length > 0)?;
        let mut words = head.trim_end().split(' ').skip(1);
        let (id, length) = (words.next()?, words.next()?.parse().ok()?);
        let mut records = vec![0; length];
        reader.read_exact(&mut records).ok()?;
        let number = {
            let mut ids = ids.lock().unwrap();
            ids.push(id.to_owned());
            ids.len() - 1
        };
        let batch = Batch { records, number };
        let answer = answers(&batch);
        if answer == "taken\n" {
            taken.lock().unwrap().extend_from_slice(&batch.records);
        }
        if answer.is_empty() {
            return None;
        }
        writer.write_all(answer.as_bytes()).ok()?;
    }
}

#[test]
fn it_keeps_what_every_backend_promises() {
    let server = Server::start(|batch| if batch.number == 1 { "later\n" } else { "taken\n" });
    let (ledger, taken) = (server.ledger(), Arc::clone(&server.taken));
    let make = move || ledger.backend().expect("it can be set up");
    check_backend(make).observed_by(move || taken.lock().unwrap().clone()).run();
}

#[test]
fn whatever_is_no_answer_is_tried_again_under_the_same_id() {
    for nonsense in ["", "HTTP/1.1 400 Bad Request\r\n\r\n", "taken, or maybe not\n", "later\n"] {
        let server = Server::start(move |batch| if batch.number == 0 { nonsense } else { "taken\n" });
        let retry = Retry::new().first(Duration::from_millis(1)).longest(Duration::from_millis(1));
        let sink = server.ledger().exporter().expect("it can be set up").retry(retry).start().expect("a thread");
        let logger = Logger::builder().output(Output::new(Json::new(), sink)).build().expect("one output");
        info!(logger: logger, "ready");
        logger.flush(Duration::from_secs(30)).expect("the second answer is one");

        let (ids, taken) = (server.ids.lock().unwrap(), server.taken.lock().unwrap());
        assert_eq!((ids.len(), &ids[0]), (2, &ids[1]), "{nonsense:?}");
        assert!(String::from_utf8_lossy(&taken).contains("ready"), "{nonsense:?}");
        assert_eq!(logger.health()[0].written.total(), 1, "{nonsense:?}");
    }
}

#[test]
fn a_record_that_is_never_taken_takes_no_other_with_it() {
    let server = Server::start(|batch| match String::from_utf8_lossy(&batch.records).contains("bad") {
        true => "never\n",
        false => "taken\n",
    });
    let sink = server.ledger().start().expect("it can be set up");
    let logger = Logger::builder().output(Output::new(Json::new(), sink)).build().expect("one output");
    for message in ["one", "two", "bad", "three"] {
        info!(logger: logger, "{message}");
    }
    let _ = logger.flush(Duration::from_secs(30));

    let taken = String::from_utf8(server.taken.lock().unwrap().clone()).expect("records are text");
    let messages = taken.lines().filter_map(|record| record.split(r#""message":""#).nth(1)?.split('"').next());
    assert_eq!(messages.collect::<Vec<_>>(), ["one", "two", "three", "records were lost"]);
    let health = &logger.health()[0];
    assert_eq!(health.dropped_total(), 1);
    assert!(health.is_conserved());
}

#[test]
fn a_batch_that_is_too_large_is_sent_in_halves() {
    let server = Server::start(|batch| if batch.records.len() > 300 { "too large\n" } else { "taken\n" });
    let sink = server.ledger().start().expect("it can be set up");
    let logger = Logger::builder().output(Output::new(Json::new(), sink)).build().expect("one output");
    (0..8).for_each(|number| info!(logger: logger, number, "ready"));
    logger.flush(Duration::from_secs(30)).expect("each half is small enough in the end");
    assert_eq!((logger.health()[0].written.total(), logger.health()[0].dropped_total()), (8, 0));
}

#[test]
fn a_ledger_that_is_not_there_holds_nobody_up_and_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
    let address = listener.local_addr().expect("it has an address").to_string();
    drop(listener);
    let sink = Ledger::new(&address).start().expect("it can be set up");
    let logger = Logger::builder().output(Output::new(Json::new(), sink)).build().expect("one output");
    info!(logger: logger, "ready");

    let error = logger.close(Duration::from_millis(100)).expect_err("nobody took it");
    assert!(!error.to_string().is_empty());
    let health = &logger.health()[0];
    assert_eq!((health.written.total(), health.dropped_total()), (0, 1));
    assert!(!matches!(health.condition, Condition::Well));
}
