//! Requests under a configuration that is installed, and under presets.

use crate::requests::send_all;
use crate::stage::{Folder, SOON, Stage, load_as};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use axum::routing::get;
use hyperlog::actix::HyperLog;
use hyperlog::axum::HyperLogLayer;
use hyperlog::config::Config;
use hyperlog::http::{RouteRule, SharedPolicy};
use hyperlog::{Hook, Level, info};
use serde_json::Value;
use std::process::Command;
use tower::ServiceExt;

/// This test as a process of its own, for which a configuration is installed.
const ROLE: &str = "REQUESTS_TEST_ROLE";

#[test]
fn serves_under_what_is_installed() {
    if std::env::var_os(ROLE).is_none() {
        return;
    }
    // One layer stands there before anything is said.
    let early = HyperLogLayer::new().id_header("x-trace");
    let logger = Config::new().load().unwrap().install().unwrap();
    let own = RouteRule::new().level(Level::CRITICAL);
    send_all(early.clone().route("/health", own), || true);
    send_twice(own);
    send_by_actix();
    let policy = load_as("later.toml", "http.rule.level = \"audit\"\n").unwrap().policy().unwrap();
    SharedPolicy::global().swap(policy);
    send_all(early, || true);
    logger.close(SOON).unwrap();
}

/// Through a layer that is told something, and one within it that is told nothing.
fn send_twice(own: RouteRule) {
    let within = Router::new().route("/twice", get(async || "well")).layer(HyperLogLayer::new());
    let app: Router = within.layer(HyperLogLayer::new().rule(own));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let response = runtime.block_on(app.oneshot(Request::get("/twice").body(Body::empty()).unwrap())).unwrap();
    runtime.block_on(to_bytes(response.into_body(), usize::MAX)).unwrap();
}

fn send_by_actix() {
    use actix_web::{App, HttpResponse, test, web};
    actix_web::rt::System::new().block_on(async {
        let app = App::new().wrap(HyperLog).route("/actix", web::get().to(HttpResponse::Ok));
        let service = test::init_service(app).await;
        test::call_and_read_body(&service, test::TestRequest::get().uri("/actix").to_request()).await;
    });
}

#[test]
fn a_layer_without_a_policy_goes_by_what_is_installed_and_what_it_is_told_itself_goes_over_it() {
    let folder = Folder::new();
    let path = folder.write(
        "shop.toml",
        "preset = \"production\"\n[http]\nid_header = \"x-file\"\ninbound_ids = \"ignored\"\n\
         [http.rule]\nlevel = \"notice\"\n[http.routes]\n\"/health\" = { level = \"warn\", show = [\"query\"] }\n",
    );
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["http::serves_under_what_is_installed", "--exact", "--nocapture"]).env(ROLE, "serve");
    command.env("HYPERLOG_CONFIG", path).env("HYPERLOG_HTTP__INBOUND_IDS", "valid").env("HYPERLOG_DETECT", "off");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let records: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let levels = |path: &str| -> Vec<&str> {
        let of_path = records.iter().filter(|record| record["kind"] == "access" && record["path"] == path);
        of_path.map(|record| record["level"].as_str().unwrap()).collect()
    };
    assert_eq!(levels("/hello/ann"), ["NOTICE", "AUDIT"], "the file says it, and later another does\n{text}");
    assert_eq!(levels("/health"), ["CRITICAL", "AUDIT"], "the layer says it\n{text}");
    assert_eq!(levels("/twice"), ["CRITICAL"], "what a layer is told is not taken back by one within it\n{text}");
    assert_eq!(levels("/actix"), ["NOTICE"], "{text}");
    let hello = records.iter().find(|record| record["path"] == "/hello/ann").unwrap();
    assert_eq!(hello["request_id"], "t-17", "the layer names the header, and a variable has the id kept\n{text}");
}

/// The access records of what the test asks for, and how many others there are, under a preset.
fn under(preset: &str, more: &str) -> (Vec<Value>, String) {
    let (stage, folder) = (Stage::new(), Folder::new());
    let text = format!("preset = \"{preset}\"\n{more}\n[outputs]\nconsole = {{ kind = \"memory\" }}\n");
    let path = folder.write("shop.toml", &text);
    let loaded = Config::new().without_environment().registry(stage.registry()).file(path).load().unwrap();
    let logger = loaded.builder().unwrap().build().unwrap();
    let layer = HyperLogLayer::new().logger(logger).policy(&SharedPolicy::new(loaded.policy().unwrap()));
    send_all(layer, || true);
    let text = stage.text();
    let records = text.lines().map(|line| serde_json::from_str(line).unwrap());
    (records.filter(|record: &Value| record["kind"] == "access").collect(), text)
}

#[test]
fn presets_for_kinds_of_services_tell_of_the_same_requests_what_each_needs() {
    let found = |records: &[Value], path: &str| records.iter().find(|record| record["path"] == path).cloned();
    let level = |records: &[Value], path: &str| found(records, path).map(|record| record["level"].clone());
    let (production, text) = under("production", "");
    assert_eq!(level(&production, "/health").unwrap(), "INFO");
    assert_eq!(level(&production, "/missing").unwrap(), "WARN");
    assert!(!text.contains("asking") && !text.contains("\"params\""), "{text}");

    let (api, text) = under("api", "");
    assert_eq!((level(&api, "/health"), level(&api, "/missing").unwrap()), (None, "INFO".into()));
    assert_eq!(found(&api, "/hello/ann").unwrap()["params"]["name"], "ann");
    assert!(!text.contains("r-17"), "nobody outside chooses an id: {text}");

    let (web, _) = under("web", "");
    assert_eq!((level(&web, "/health"), level(&web, "/missing").unwrap()), (None, "INFO".into()));
    assert_eq!(found(&web, "/hello/ann").unwrap()["request_headers"]["accept-language"], "fr");

    let (microservice, text) =
        under("microservice", "http.correlation_id = \"x-common\"\nhttp.trust = [\"10.0.0.0/8\"]");
    assert_eq!(level(&microservice, "/health"), None);
    assert!(text.contains("\"message\":\"asking\"") && !text.contains("\"message\":\"detail\""), "{text}");
    assert_eq!(found(&microservice, "/hello/ann").unwrap()["correlation_id"], "c-17");

    let (worker, text) = under("worker", "");
    assert_eq!(worker.len(), production.len());
    assert!(text.contains("requests.rs"), "records say where they come from: {text}");
}

#[test]
fn each_thing_that_a_rule_shows_is_seen() {
    let lists = "http.request_headers = [\"x-user\"]\nhttp.response_headers = [\"etag\"]";
    for (name, expected) in [
        ("params", "\"params\":{\"name\":\"ann\"}"),
        ("query", "\"query\":{\"color\":\"red\"}"),
        ("request_headers", "\"request_headers\":{\"x-user\":\"ann-17\"}"),
        ("response_headers", "\"response_headers\":{\"etag\":\"e-17\"}"),
        ("polls", "\"polls\":"),
        ("start", "\"kind\":\"start\""),
        ("open", "\"kind\":\"open\""),
        ("request_body", "\"request_body\":\"wholesale\""),
        ("response_body", "\"response_body\":\"greetings to all\""),
    ] {
        let all = "[\"params\", \"query\", \"request_headers\", \"response_headers\", \"polls\", \"start\", \"open\", \
                   \"request_body\", \"response_body\"]";
        let shown = format!("{lists}\nhttp.rule.show = [\"{name}\"]");
        let hidden = format!("{lists}\nhttp.rule = {{ show = {all}, hide = [\"{name}\"] }}");
        for (said, is_seen) in [(shown, true), (hidden, false)] {
            let (_, text) = under("production", &said);
            assert_eq!(text.contains(expected), is_seen, "{said}\n{text}");
        }
    }
}

#[test]
fn the_narrower_of_statuses_and_the_longer_of_patterns_counts_whatever_the_order() {
    let statuses = "http.status_levels = { 404 = \"notice\", 4xx = \"debug\", 5xx = \"critical\" }";
    let routes = "[http.routes]\n\"/hello/*\" = { level = \"audit\" }\n\"*\" = { level = \"notice\" }\n\
                  \"/hel*\" = { level = \"debug\" }\n\"regex:^/he[a-z]+$\" = { level = \"security\" }\n";
    for (said, path, expected) in [
        (statuses, "/missing", "NOTICE"),
        (statuses, "/fails", "CRITICAL"),
        (routes, "/hello/ann", "AUDIT"),
        (routes, "/health", "SECURITY"),
        (routes, "/missing", "NOTICE"),
    ] {
        let (records, text) = under("production", said);
        let record = records.iter().find(|record| record["path"] == path).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(record["level"], expected, "{path}\n{text}");
    }
}

#[test]
fn what_a_preset_says_of_a_route_is_taken_back_key_by_key() {
    let (records, text) = under("api", "[http.routes]\n\"/health*\" = { access = \"on\", level = \"notice\" }\n");
    let health = records.iter().find(|record| record["path"] == "/health").unwrap_or_else(|| panic!("{text}"));
    assert_eq!(health["level"], "NOTICE");
}

#[test]
fn hooks_run_in_the_order_of_the_configuration() {
    let say = |text: &'static str| {
        Hook::enrich(move |draft| {
            draft.set_message(text);
        })
    };
    for (hooks, expected) in [("", "m"), ("first,second", "second"), ("second, first", "first")] {
        let stage = Stage::new();
        let registry = stage.registry().hook("first", say("first")).hook("second", say("second"));
        let config = Config::new().without_environment().registry(registry).set("outputs.memory.kind", "memory");
        let logger = config.set("hooks", hooks).load().unwrap().builder().unwrap().build().unwrap();
        info!(logger: logger, "m");
        assert!(stage.text().contains(&format!("\"message\":\"{expected}\"")), "{}", stage.text());
    }
}
