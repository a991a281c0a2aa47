//! Many requests at once: no record has the id of another.

use std::collections::HashMap;
use std::thread;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use hyperlog::{CapturedRecord, Logger, fields, info};

use crate::client::Connection;
use crate::host::{Answer, Asked, Content, Host};
use crate::stage::{Stage, is_access};

const CONNECTIONS: usize = 20;
const REQUESTS: usize = 500;

pub(crate) fn ten_thousand_requests_on_many_workers_keep_their_ids_apart<H: Host>() {
    let stage = Stage::with::<H>(|setup| setup.workers = 4);
    thread::scope(|scope| {
        for connection in 0..CONNECTIONS {
            let address = stage.server.address;
            scope.spawn(move || keep_asking(Connection::open(address), connection));
        }
    });
    let records = stage.stop();
    let mut told: HashMap<&str, usize> = HashMap::new();
    for record in &records {
        let id = record.text("request_id");
        if is_access(record) {
            *told.entry(id).or_default() += 1;
            assert_eq!(record.text("path"), format!("/hello/{id}"));
        } else if record.message() == "greeting" {
            assert!(record.text("seen").contains(&format!("{id:?}")), "{record}");
        }
    }
    assert_eq!(told.len(), CONNECTIONS * REQUESTS);
    assert!(told.values().all(|count| *count == 1));
    let greetings = records.iter().filter(|record| record.message() == "greeting").count();
    assert_eq!(greetings, CONNECTIONS * REQUESTS);
}

fn keep_asking(mut connection: Connection, number: usize) {
    for request in 0..REQUESTS {
        let id = format!("{number}-{request}");
        connection.ask(&format!("GET /hello/{id}"), &[("x-request-id", &id)]);
        let reply = connection.reply();
        assert_eq!((reply.status, reply.header("x-request-id")), (200, &id[..]));
        assert_eq!(reply.text(), format!("hello {id}"));
    }
}

const CROWD: usize = 100;
const WORDS: [&str; 4] = ["begun", "by the child", "after the child", "aside"];

pub(crate) fn whoever_leaves_a_crowd_and_loggers_of_their_own_change_no_record_of_others<H: Host + 'static>() {
    let stage = Stage::with::<H>(|setup| {
        setup.workers = 4;
        setup.act(talk::<H>);
    });
    let address = stage.server.address;
    thread::scope(|scope| {
        for number in 0..CROWD {
            scope.spawn(move || come_and_go(address, number));
        }
    });
    let records = stage.stop();
    let mut said: HashMap<&str, Vec<&CapturedRecord>> = HashMap::new();
    for record in &records {
        said.entry(record.text("request_id")).or_default().push(record);
    }
    assert_eq!(said.len(), CONNECTIONS * REQUESTS);
    said.into_iter().for_each(|(id, records)| check_talk(id, &records));
}

/// Logs on its own, by a logger of its own, after others had their turn, and from work of its own; then whoever is to leave
/// never hears the end.
async fn talk<H: Host + 'static>(asked: Asked) -> Answer {
    let name = asked.name;
    info!(own = name, "begun");
    let child = Logger::current().with(fields!(child = name));
    info!(logger: child, own = name, "by the child");
    tokio::task::yield_now().await;
    info!(own = name, "after the child");
    let own = name.clone();
    assert!(H::spawn(async move { info!(own, "aside") }).await);
    let answer = Answer::new(200, name.clone());
    match is_left(&name) {
        true => {
            let first = stream::iter([Ok(Bytes::from(name))]);
            Answer { content: Content::Stream(first.chain(stream::pending()).boxed()), ..answer }
        }
        false => answer,
    }
}

fn is_left(name: &str) -> bool {
    name.ends_with('7')
}

fn come_and_go(address: std::net::SocketAddr, number: usize) {
    let mut connection = Connection::open(address);
    for request in 0..CONNECTIONS * REQUESTS / CROWD {
        let id = format!("{number}-{request}");
        connection.ask(&format!("GET /act/{id}"), &[("x-request-id", &id)]);
        if is_left(&id) {
            connection.wait_for(&format!("\r\n{id}\r\n"));
            std::mem::replace(&mut connection, Connection::open(address)).reset();
        } else {
            let reply = connection.reply();
            assert_eq!((reply.status, reply.header("x-request-id"), reply.text()), (200, &id[..], &id[..]));
        }
    }
}

#[track_caller]
fn check_talk(id: &str, records: &[&CapturedRecord]) {
    type Records<'r> = Vec<&'r CapturedRecord>;
    let (told, said): (Records<'_>, Records<'_>) = records.iter().copied().partition(|record| record.has("kind"));
    let mut messages: Vec<&str> = said.iter().map(|record| record.message()).collect();
    messages.sort_unstable_by_key(|message| WORDS.iter().position(|word| word == message));
    assert_eq!(messages, WORDS, "{id}");
    for record in said {
        assert_eq!(record.text("own"), id, "{record}");
        let child = record.has("child").then(|| record.text("child"));
        assert_eq!(child, (record.message() == "by the child").then_some(id), "{record}");
    }
    // Where a server may miss it that a client leaves, it also tells when the response begins.
    assert!(told.iter().all(|record| record.text("path") == format!("/act/{id}")), "{told:?}");
    let access: Vec<_> = told.into_iter().filter(|record| is_access(record)).collect();
    let outcomes: Vec<&str> = access.iter().map(|record| record.text("outcome")).collect();
    assert_eq!(outcomes, [if is_left(id) { "cancelled" } else { "ok" }], "{id}");
    assert!(!access[0].has("child") && !access[0].has("own"), "{:?}", access[0]);
}
