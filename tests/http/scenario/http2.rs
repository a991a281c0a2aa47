//! HTTP/2: many streams on one connection, which are let go of one by one.

use hyperlog::Level;

use crate::host::{Host, LARGE, content, gate};
use crate::stage::{Stage, unique};
use crate::two::{self, Asked};

pub(crate) fn a_stream_gives_one_record<H: Host>() {
    let stage = Stage::new::<H>();
    let reply = two::converse(stage.server.address, async |mut connection| connection.send("/hello/ann", "ann").await);
    assert_eq!((reply.status, &reply.body[..]), (200, &b"hello ann"[..]));
    assert_eq!(reply.headers["x-request-id"], "ann");
    let record = stage.access();
    assert_eq!((record.text("request_id"), record.text("outcome")), ("ann", "ok"));
    assert_eq!((record.number("status"), record.number("response_bytes")), (200.0, 9.0));
}

pub(crate) fn streams_of_one_connection_have_each_their_own_id_and_record<H: Host>() {
    let stage = Stage::new::<H>();
    let names: Vec<String> = (0..100).map(|number| format!("stream-{number}")).collect();
    two::converse(stage.server.address, async |mut connection| {
        let mut asked: Vec<Asked> = Vec::new();
        for name in &names {
            asked.push(connection.ask(&format!("/hello/{name}"), name).await);
        }
        for (asked, name) in asked.into_iter().zip(&names) {
            let reply = asked.reply().await;
            assert_eq!((reply.status, reply.headers["x-request-id"].as_bytes()), (200, name.as_bytes()));
            assert_eq!(reply.body, format!("hello {name}").as_bytes());
        }
    });
    let records = stage.captured.records();
    let greetings: Vec<_> = records.iter().filter(|record| record.message() == "greeting").collect();
    assert_eq!(greetings.len(), names.len());
    for greeting in greetings {
        assert!(greeting.text("seen").contains(&format!("{:?}", greeting.text("request_id"))), "{greeting}");
    }
    let records = stage.all_access(names.len());
    let mut ids: Vec<&str> = records.iter().map(|record| record.text("request_id")).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), names.len());
    for record in &records {
        assert_eq!(record.text("path"), format!("/hello/{}", record.text("request_id")));
    }
}

pub(crate) fn a_stream_that_is_reset_while_its_body_pends_is_cancelled<H: Host>() {
    let stage = Stage::new::<H>();
    two::converse(stage.server.address, async |mut connection| {
        assert_eq!(connection.ask("/stream", "left").await.reset_at_first_chunk().await, "first");
        assert_eq!(connection.send("/hello/ann", "stayed").await.status, 200);
        // What is answered later was heard later.
        assert_eq!(connection.send("/hello/bob", "stayed-too").await.status, 200);
    });
    let records = stage.all_access(3);
    let record = records.iter().find(|record| record.text("request_id") == "left").expect("it is there");
    assert_eq!((record.text("outcome"), record.level()), ("cancelled", Level::INFO));
    assert_eq!((record.number("status"), record.number("response_bytes")), (200.0, 5.0));
}

pub(crate) fn a_stream_that_is_reset_before_its_response_is_cancelled<H: Host>() {
    let stage = Stage::new::<H>();
    two::converse(stage.server.address, async |mut connection| {
        let asked = connection.ask("/hang", "left").await;
        // Streams begin in the order in which they were asked for.
        connection.send("/hello/ann", "stayed").await;
        asked.reset();
        connection.send("/hello/ann", "stayed-too").await;
    });
    let records = stage.all_access(3);
    let record = records.iter().find(|record| record.text("request_id") == "left").expect("it is there");
    assert_eq!((record.text("outcome"), record.level()), ("cancelled", Level::INFO));
    assert!(!record.has("status"), "{record}");
}

pub(crate) fn a_stream_that_is_reset_before_its_response_is_cancelled_when_its_handler_is_done<H: Host>() {
    let stage = Stage::new::<H>();
    let door = unique();
    two::converse(stage.server.address, async |mut connection| {
        let asked = connection.ask(&format!("/gate/{door}"), "left").await;
        connection.send("/hello/ann", "stayed").await;
        asked.reset();
        // What is answered later was heard later.
        connection.send("/hello/ann", "stayed-too").await;
        gate(&door).add_permits(1);
        connection.send("/hello/ann", "stayed-on").await;
    });
    let records = stage.all_access(4);
    let record = records.iter().find(|record| record.text("request_id") == "left").expect("it is there");
    assert_eq!((record.text("outcome"), record.level()), ("cancelled", Level::INFO));
    assert_eq!((record.number("status"), record.number("response_bytes")), (200.0, 0.0));
    assert_eq!(record.text("route"), "/gate/{name}");
}

pub(crate) fn a_connection_that_ends_cancels_all_its_streams<H: Host>() {
    let stage = Stage::new::<H>();
    two::converse(stage.server.address, async |mut connection| {
        let mut pending = Vec::new();
        for number in 0..10 {
            pending.push(connection.ask("/stream", &format!("left-{number}")).await);
        }
        // Streams begin in the order in which they were asked for.
        connection.send("/hello/ann", "stayed").await;
    });
    let records = stage.all_access(11);
    for record in records.iter().filter(|record| record.text("request_id") != "stayed") {
        assert_eq!((record.text("outcome"), record.level()), ("cancelled", Level::INFO), "{record}");
    }
}

pub(crate) fn events_of_a_stream_that_is_reset_are_closed<H: Host>() {
    let stage = Stage::new::<H>();
    two::converse(stage.server.address, async |mut connection| {
        assert_eq!(connection.ask("/events", "left").await.reset_at_first_chunk().await, "data: 0\n\n");
        assert_eq!(connection.send("/hello/ann", "stayed").await.status, 200);
        assert_eq!(connection.send("/slow", "stayed-too").await.body, b"chunkchunkchunk");
    });
    let records = stage.all_access(3);
    let record = records.iter().find(|record| record.text("request_id") == "left").expect("it is there");
    assert_eq!((record.text("outcome"), record.level()), ("closed", Level::INFO));
    assert!(record.number("response_bytes") >= 9.0, "{record}");
}

pub(crate) fn events_of_a_connection_that_ends_are_closed<H: Host>() {
    let stage = Stage::new::<H>();
    two::converse(stage.server.address, async |mut connection| {
        let mut pending = Vec::new();
        for number in 0..10 {
            pending.push(connection.ask("/events", &format!("left-{number}")).await);
        }
        // Streams begin in the order in which they were asked for.
        connection.send("/hello/ann", "stayed").await;
    });
    let records = stage.all_access(11);
    for record in records.iter().filter(|record| record.text("request_id") != "stayed") {
        assert_eq!((record.text("outcome"), record.level()), ("closed", Level::INFO), "{record}");
    }
}

pub(crate) fn trailers_pass_through<H: Host>() {
    let stage = Stage::new::<H>();
    let reply = two::converse(stage.server.address, async |mut connection| connection.send("/trailers", "ann").await);
    assert_eq!((reply.status, &reply.body[..]), (200, &b"first"[..]));
    assert_eq!(reply.trailers.expect("there are some")["grade"], "good");
    let record = stage.access();
    assert_eq!((record.text("outcome"), record.number("response_bytes")), ("ok", 5.0));
}

pub(crate) fn a_large_stream_is_counted_to_the_last_byte<H: Host>() {
    let stage = Stage::new::<H>();
    let reply = two::converse(stage.server.address, async |mut connection| connection.send("/large", "large").await);
    assert!(reply.body == content(LARGE), "{} bytes came", reply.body.len());
    let record = stage.access();
    assert_eq!((record.text("outcome"), record.number("response_bytes")), ("ok", LARGE as f64));
}
