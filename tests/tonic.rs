//! A real client of tonic calls a real server of tonic that stands in our layer.

use std::pin::Pin;
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use hyperlog::http::RouteRule;
use hyperlog::tower::HyperLogLayer;
use hyperlog::{CapturedRecord, Level, Logger, info};
use tokio::sync::oneshot;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};
use tonic::{Code, Request, Response, Status};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

const SECRET: &str = "the vault is at 12 Mill Lane";

#[test]
fn a_call_that_is_answered_is_ok_and_its_records_have_its_id() {
    let records = converse(async |mut client| {
        let mut request = asking("well");
        request.metadata_mut().insert("x-request-id", "abc-123".parse().expect("it is valid"));
        let response = client.check(request).await.expect("it is answered");
        assert_eq!(response.metadata().get("x-request-id").expect("it is sent back"), "abc-123");
        assert_eq!(response.into_inner().status(), ServingStatus::Serving);
    });
    let access = the_only_access(&records);
    assert_eq!(access.text("rpc.method"), "grpc.health.v1.Health/Check");
    assert_eq!((access.text("rpc.status_code"), access.text("outcome"), access.level()), ("OK", "ok", Level::INFO));
    assert_eq!((access.text("method"), access.text("path")), ("POST", "/grpc.health.v1.Health/Check"));
    let checking = records.iter().find(|record| record.message() == "checking").expect("the service logs");
    assert_eq!((checking.text("request_id"), access.text("request_id")), ("abc-123", "abc-123"));
}

#[test]
fn a_call_that_is_refused_before_there_is_a_message_has_the_status_of_its_headers() {
    for (service, code, name, outcome, level) in [
        ("unknown", Code::NotFound, "NOT_FOUND", "ok", Level::INFO),
        ("broken", Code::Internal, "INTERNAL", "error", Level::ERROR),
    ] {
        let records = converse(async |mut client| {
            assert_eq!(client.check(asking(service)).await.expect_err("it is refused").code(), code);
        });
        let access = the_only_access(&records);
        assert_eq!((access.text("rpc.status_code"), access.text("outcome"), access.level()), (name, outcome, level));
        assert_eq!(access.number("status"), 200.0);
    }
}

#[test]
fn a_stream_that_fails_after_its_messages_has_the_status_of_its_trailers() {
    let records = converse(async |mut client| {
        let mut answers = client.watch(asking("well")).await.expect("the stream begins").into_inner();
        let first = answers.next().await.expect("there is one").expect("it is no failure");
        assert_eq!(first.status(), ServingStatus::Serving);
        let second = answers.next().await.expect("there is another");
        assert_eq!(second.expect_err("it is a failure").code(), Code::Unavailable);
    });
    let access = the_only_access(&records);
    assert_eq!(access.text("rpc.method"), "grpc.health.v1.Health/Watch");
    assert_eq!((access.text("rpc.status_code"), access.text("outcome")), ("UNAVAILABLE", "error"));
    assert_eq!((access.number("status"), access.level()), (200.0, Level::ERROR));
    assert!(access.number("response_bytes") > 0.0, "{access}");
}

#[test]
fn a_call_that_panics_is_an_internal_error_that_tells_the_client_nothing() {
    let records = converse(async |mut client| {
        let status = client.check(asking("panic")).await.expect_err("it panics");
        assert_eq!(status.code(), Code::Internal);
        assert!(!format!("{status:?}").contains(SECRET), "{status:?}");
        client.check(asking("well")).await.expect("the connection lives on");
    });
    let (failed, others): (Vec<_>, Vec<_>) =
        records.iter().filter(|record| is_kind(record, "access")).partition(|access| access.text("outcome") == "panic");
    assert_eq!((failed.len(), others.len()), (1, 1), "{records:#?}");
    assert_eq!((failed[0].text("rpc.status_code"), failed[0].text("error")), ("INTERNAL", SECRET));
    assert_eq!(failed[0].level(), Level::ERROR);
    let panic = records.iter().find(|record| is_kind(record, "panic")).expect("it has a record of its own");
    assert_eq!(panic.text("request_id"), failed[0].text("request_id"));
}

#[test]
fn rules_know_a_call_by_its_path() {
    let records = converse(async |mut client| {
        client.check(asking("well")).await.expect("it is answered");
        client.watch(asking("well")).await.expect("it begins").into_inner().collect::<Vec<_>>().await;
    });
    let levels: Vec<Level> = accesses(&records).map(CapturedRecord::level).collect();
    assert_eq!(levels, [Level::INFO, Level::ERROR]);
    let records = converse_with(
        |layer| layer.route("/grpc.health.v1.Health/Check", RouteRule::off()),
        async |mut client| {
            client.check(asking("well")).await.expect("it is answered");
        },
    );
    assert_eq!(accesses(&records).count(), 0, "{records:#?}");
}

/// Says what it was asked for.
struct Checkup;

#[tonic::async_trait]
impl Health for Checkup {
    type WatchStream = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

    async fn check(&self, request: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        info!("checking");
        match &*request.into_inner().service {
            "well" => Ok(Response::new(serving())),
            "unknown" => Err(Status::not_found("never heard of it")),
            "broken" => Err(Status::internal("it is broken")),
            _ => panic!("{SECRET}"),
        }
    }

    async fn watch(&self, _: Request<HealthCheckRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let answers = [Ok(serving()), Err(Status::unavailable("it was here a moment ago"))];
        Ok(Response::new(stream::iter(answers).boxed()))
    }
}

fn serving() -> HealthCheckResponse {
    HealthCheckResponse { status: ServingStatus::Serving.into() }
}

fn asking(service: &str) -> Request<HealthCheckRequest> {
    Request::new(HealthCheckRequest { service: service.to_owned() })
}

/// Holds a conversation with a server, which has ended when this gives its records.
fn converse(act: impl AsyncFnOnce(HealthClient<Channel>)) -> Vec<CapturedRecord> {
    converse_with(|layer| layer, act)
}

fn converse_with(
    change: impl FnOnce(HyperLogLayer) -> HyperLogLayer,
    act: impl AsyncFnOnce(HealthClient<Channel>),
) -> Vec<CapturedRecord> {
    let (logger, captured) = Logger::capture();
    let layer = change(HyperLogLayer::new().logger(logger.clone()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let incoming = TcpIncoming::bind(([127, 0, 0, 1], 0).into()).expect("a port is free");
        let address = incoming.local_addr().expect("it is bound");
        let (stop, stopped) = oneshot::channel::<()>();
        let server = Server::builder().layer(layer).add_service(HealthServer::new(Checkup));
        let server = tokio::spawn(server.serve_with_incoming_shutdown(incoming, async { drop(stopped.await) }));
        let channel = Channel::from_shared(format!("http://{address}")).expect("it is an address");
        let client = HealthClient::new(channel.connect().await.expect("the server listens"));
        let acted = tokio::time::timeout(Duration::from_secs(20), act(client)).await;
        acted.expect("the server answers");
        drop(stop);
        server.await.expect("it does not panic").expect("it serves until it is stopped");
    });
    // What is told of a panic is written on another thread.
    logger.flush(Duration::from_secs(20)).expect("it is written");
    captured.records()
}

fn accesses(records: &[CapturedRecord]) -> impl Iterator<Item = &CapturedRecord> {
    records.iter().filter(|record| is_kind(record, "access"))
}

#[track_caller]
fn the_only_access(records: &[CapturedRecord]) -> &CapturedRecord {
    let all: Vec<&CapturedRecord> = accesses(records).collect();
    assert_eq!(all.len(), 1, "{records:#?}");
    all[0]
}

fn is_kind(record: &CapturedRecord, kind: &str) -> bool {
    record.has("kind") && record.text("kind") == kind
}
