//! Many requests at once: no record has the id of another.

use std::collections::HashMap;
use std::thread;

use crate::client::Connection;
use crate::host::Host;
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
