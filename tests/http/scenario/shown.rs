//! What is shown on demand: parameters, query, headers, bodies. None of it by default, and never a secret.

use futures_util::stream::{StreamExt, once};
use hyperlog::http::{Extra, Policy, RouteRule};
use hyperlog::{CapturedRecord, CapturedValue};

use crate::host::{Answer, Content, Host, Inside, Other, Side, gate};
use crate::stage::{Stage, unique};

fn show(extras: &[Extra]) -> RouteRule {
    extras.iter().fold(RouteRule::new(), |rule, extra| rule.show(*extra))
}

/// A map as pairs.
#[track_caller]
fn map<'r>(record: &'r CapturedRecord, key: &str) -> Vec<(&'r str, &'r CapturedValue)> {
    match record.get(key) {
        Some(CapturedValue::Map(entries)) => entries.iter().map(|(name, value)| (&**name, value)).collect(),
        other => panic!("{key} is {other:?} in {record}"),
    }
}

fn text(value: &str) -> CapturedValue {
    CapturedValue::Text(value.to_owned())
}

pub(crate) fn nothing_of_it_is_shown_unless_somebody_wants_it<H: Host>() {
    let stage = Stage::acting::<H, _>(Policy::new(), async |_| {
        Answer::new(200, r#"{"back":"hither"}"#).header("content-type", "application/json").header("x-back", "hither")
    });
    let headers = [("content-type", "application/json"), ("x-forth", "thither")];
    stage.send_body("POST /act/ann?q=thither", &headers, br#"{"forth":"thither"}"#);
    let access = stage.access();
    assert!(!access.to_string().contains("hither"), "{access}");
    for key in ["params", "query", "request_headers", "response_headers", "request_body", "response_body"] {
        assert!(!access.has(key), "{access}");
    }
}

pub(crate) fn a_query_is_shown_with_its_secrets_hidden<H: Host>() {
    let stage = Stage::under::<H>(Policy::new().rule(show(&[Extra::Query])));
    stage.send("GET /act/ann?sig=hunter2&q=a%20b+c&api%5Fkey=hunter2&tag=1&tag=2&flag&token=hunter2&token=hunter2");
    let access = stage.access();
    assert!(!access.to_string().contains("hunter2"), "{access}");
    let query = map(&access, "query");
    assert_eq!(
        query.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        ["sig", "q", "api_key", "tag", "flag", "token"]
    );
    assert_eq!(query[0].1, &text("[REDACTED]"));
    assert_eq!((query[1].1, query[4].1), (&text("a b c"), &text("")));
    assert_eq!(query[3].1, &CapturedValue::List(vec![text("1"), text("2")]));
}

pub(crate) fn a_request_without_a_query_shows_none<H: Host>() {
    let stage = Stage::under::<H>(Policy::new().rule(show(&[Extra::Query])));
    stage.send("GET /act/ann");
    let access = stage.access();
    assert!(!access.has("query"), "{access}");
}

pub(crate) fn parameters_of_a_route_are_shown_with_their_secrets_hidden<H: Host>() {
    let stage = Stage::under::<H>(Policy::new().rule(show(&[Extra::Params])));
    stage.send_with("GET /act/ann%20b", &[("x-request-id", "plain")]);
    stage.send_with(&format!("GET /act/ghp_{}", "a1B2c3D4e5F6".repeat(3)), &[("x-request-id", "secret")]);
    stage.send_with("GET /nowhere", &[("x-request-id", "nowhere")]);
    assert_eq!(map(&stage.wait_for_access("plain"), "params"), [("name", &text("ann b"))]);
    let secret = stage.wait_for_access("secret");
    assert!(!format!("{:?}", secret.get("params")).contains("a1B2c3D4"), "{secret}");
    assert!(!stage.wait_for_access("nowhere").has("params"));
}

const SENSITIVE: [&str; 5] = ["authorization", "cookie", "proxy-authorization", "x-api-key", "set-cookie"];

pub(crate) fn all_headers_are_shown_but_never_what_is_sensitive<H: Host>() {
    let policy = Policy::new().request_headers(["*"]).response_headers(["*"]);
    let stage = Stage::acting::<H, _>(policy, async |_| {
        Answer::new(200, "")
            .header("set-cookie", "session=hunter2")
            .header("set-cookie", "other=hunter2")
            .header("x-kind", "good")
    });
    let sensitive = SENSITIVE.map(|name| (name, "hunter2"));
    stage.send_with("GET /act/ann", &[&sensitive[..], &[("accept", "text/plain"), ("accept", "*/*")]].concat());
    let access = stage.access();
    assert!(!access.to_string().contains("hunter2"), "{access}");
    let request = map(&access, "request_headers");
    for name in SENSITIVE {
        assert!(request.iter().any(|(shown, _)| *shown == name), "{name} in {request:?}");
    }
    let accept = CapturedValue::List(vec![text("text/plain"), text("*/*")]);
    assert!(request.contains(&("accept", &accept)), "{request:?}");
    assert!(map(&access, "response_headers").contains(&("x-kind", &text("good"))), "{access}");
}

pub(crate) fn only_the_headers_that_are_listed_are_shown<H: Host>() {
    let policy = Policy::new()
        .request_headers(["X-One", "x-none"])
        .response_headers(["x-two"])
        .route("/hello/*", RouteRule::new().hide(Extra::RequestHeaders).hide(Extra::ResponseHeaders));
    let stage =
        Stage::acting::<H, _>(policy, async |_| Answer::new(200, "").header("x-two", "2").header("x-three", "3"));
    stage.send_with("GET /act/ann", &[("x-one", "1"), ("x-other", "0"), ("x-request-id", "shown")]);
    stage.send_with("GET /hello/ann", &[("x-one", "1"), ("x-request-id", "hidden")]);
    let shown = stage.wait_for_access("shown");
    assert_eq!(map(&shown, "request_headers"), [("x-one", &text("1"))]);
    assert_eq!(map(&shown, "response_headers"), [("x-two", &text("2"))]);
    let hidden = stage.wait_for_access("hidden");
    assert!(!hidden.has("request_headers") && !hidden.has("response_headers"), "{hidden}");
}

pub(crate) fn a_header_that_somebody_marked_as_sensitive_is_hidden<H: Host>() {
    let stage = Stage::with::<H>(|setup| {
        setup.policy = Some(hyperlog::http::SharedPolicy::new(Policy::new().request_headers(["x-mood", "x-plain"])));
        setup.beside = Some((Other::Door, Side::Outside));
    });
    stage.send_with("GET /act/ann", &[("x-mood", "gloomy"), ("x-plain", "seen")]);
    let access = stage.access();
    assert!(!access.to_string().contains("gloomy"), "{access}");
    assert!(map(&access, "request_headers").contains(&("x-plain", &text("seen"))), "{access}");
}

const LARGE: usize = 1 << 20;

/// A body that is as long as another, whatever it says.
fn letters(first: &str) -> String {
    format!("{first}{}", "x ".repeat(LARGE)).chars().take(LARGE).collect()
}

fn check_cut(record: &CapturedRecord, key: &str) {
    let shown = record.text(key);
    assert!(shown.starts_with("begin") && shown.contains(&LARGE.to_string()), "{key}: {} bytes", shown.len());
    assert!(shown.len() < 1024 + 64 && shown.matches('x').count() >= 1024 / 2 - 5, "{key}: {} bytes", shown.len());
}

pub(crate) fn the_beginning_of_a_response_is_shown_with_a_mark<H: Host>() {
    let stage = Stage::acting::<H, _>(Policy::new().rule(show(&[Extra::ResponseBody])), async |_| {
        Answer::new(200, letters("begin")).header("content-type", "text/plain")
    });
    assert_eq!(stage.send("GET /act/ann").body.len(), LARGE);
    check_cut(&stage.access(), "response_body");
}

pub(crate) fn the_beginning_of_a_request_is_shown_with_a_mark<H: Host>() {
    let stage = Stage::acting::<H, _>(Policy::new().rule(show(&[Extra::RequestBody])), async |asked| {
        Answer::new(200, asked.body.len().to_string())
    });
    let reply = stage.send_body("POST /act/ann", &[("content-type", "text/plain")], letters("begin").as_bytes());
    assert_eq!(reply.text(), LARGE.to_string());
    check_cut(&stage.access(), "request_body");
}

pub(crate) fn the_policy_says_how_much_of_a_body_is_shown<H: Host>() {
    let policy = Policy::new().rule(show(&[Extra::ResponseBody])).body_limit(7);
    let stage =
        Stage::acting::<H, _>(policy, async |asked| Answer::new(200, asked.name).header("content-type", "text/plain"));
    stage.send_with("GET /act/123,567", &[("x-request-id", "whole")]);
    stage.send_with("GET /act/123,5678", &[("x-request-id", "cut")]);
    assert_eq!(stage.wait_for_access("whole").text("response_body"), "123,567");
    // Not within a word: of a secret that is cut in two, nobody sees that it is one.
    let cut = stage.wait_for_access("cut");
    let shown = cut.text("response_body");
    assert!(shown.starts_with("123,") && !shown.contains('5') && shown.contains("8 bytes"), "{cut}");
}

pub(crate) fn only_text_that_nobody_compressed_is_shown<H: Host>() {
    let rule = show(&[Extra::RequestBody, Extra::ResponseBody]);
    let check = |content_type: &'static str, encoding: Option<&'static str>, is_shown: bool| {
        let stage = Stage::acting::<H, _>(Policy::new().rule(rule), move |_| {
            let answer = Answer::new(200, "plain words").header("content-type", content_type);
            let answer = match encoding {
                // Not compressed at all, which nobody looks at.
                Some(encoding) => answer.header("content-encoding", encoding),
                None => answer,
            };
            async { answer }
        });
        stage.send("GET /act/ann");
        let access = stage.access();
        assert_eq!(access.has("response_body"), is_shown, "{content_type} {encoding:?} {access}");
    };
    check("text/plain; charset=utf-8", None, true);
    check("application/json", None, true);
    check("application/problem+json", None, true);
    check("image/svg+xml", None, false);
    check("text/html", None, false);
    check("application/octet-stream", None, false);
    check("image/png", None, false);
    check("text/plain", Some("gzip"), false);
}

pub(crate) fn secrets_in_bodies_are_hidden<H: Host>() {
    let stage = Stage::acting::<H, _>(Policy::new().rule(show(&[Extra::ResponseBody])), async |_| {
        Answer::new(200, r#"{"user":"ann","password":"hunter2","api_key":"hunter2"}"#)
            .header("content-type", "application/json")
    });
    stage.send("GET /act/ann");
    let access = stage.access();
    assert!(access.text("response_body").contains("ann") && !access.to_string().contains("hunter2"), "{access}");
}

pub(crate) fn secrets_in_the_bodies_of_requests_are_hidden<H: Host>() {
    let stage = Stage::under::<H>(Policy::new().rule(show(&[Extra::RequestBody])));
    let form = [("content-type", "application/x-www-form-urlencoded"), ("x-request-id", "form")];
    stage.send_body("POST /act/ann", &form, b"user=ann&password=hunter2&token=hunter2");
    let json = [("content-type", "application/json"), ("x-request-id", "json")];
    stage.send_body("POST /act/ann", &json, br#"{"user":"ann","password":"hunter2"}"#);
    for id in ["form", "json"] {
        let access = stage.wait_for_access(id);
        assert!(access.text("request_body").contains("ann") && !access.to_string().contains("hunter2"), "{access}");
    }
}

pub(crate) fn a_stream_that_is_shown_flows_as_it_did<H: Host>() {
    let door = unique();
    let act = {
        let door = door.clone();
        move || {
            let door = door.clone();
            let second = once(async move {
                gate(&door).acquire().await.expect("it is never closed").forget();
                Ok("second".into())
            });
            let mut answer = Answer::new(200, "").header("content-type", "text/plain");
            answer.content = Content::Stream(Box::pin(once(async { Ok("first ".into()) }).chain(second)));
            answer
        }
    };
    let rule = show(&[Extra::RequestBody, Extra::ResponseBody]);
    let stage = Stage::acting::<H, _>(Policy::new().rule(rule), move |_| {
        let answer = act();
        async { answer }
    });
    let mut connection = stage.connect();
    connection.ask("GET /act/ann", &[("connection", "close")]);
    // The rest is held back until the beginning has come.
    connection.wait_for("first ");
    gate(&door).add_permits(1);
    assert_eq!(connection.reply().text(), "first second");
    assert_eq!(stage.access().text("response_body"), "first second");
}

pub(crate) fn a_route_shows_more_than_others_and_hides_what_others_show<H: Host>() {
    let policy = Policy::new()
        .rule(show(&[Extra::Query]))
        .route("/act/*", RouteRule::new().hide(Extra::Query).show(Extra::ResponseBody));
    let stage = Stage::acting::<H, _>(policy, async |_| Answer::new(200, "body").header("content-type", "text/plain"));
    stage.send_with("GET /act/ann?a=1", &[("x-request-id", "act")]);
    stage.send_with("GET /text?a=1", &[("x-request-id", "text")]);
    let act = stage.wait_for_access("act");
    assert!(!act.has("query") && act.text("response_body") == "body", "{act}");
    let other = stage.wait_for_access("text");
    assert!(other.has("query") && !other.has("response_body"), "{other}");
}

pub(crate) fn a_layer_inside_shows_what_comes_after_it<H: Host>() {
    let rule = show(&[Extra::ResponseBody]);
    let stage = Stage::with::<H>(|setup| {
        setup.inside = Inside::Rules([RouteRule::new(), rule]);
        setup.act(async |_| Answer::new(200, "body").header("content-type", "text/plain"));
    });
    stage.send("GET /act/ann");
    assert_eq!(stage.access().text("response_body"), "body");
}

pub(crate) fn a_layer_inside_has_things_shown_as_well<H: Host>() {
    let extras = [Extra::Query, Extra::RequestHeaders, Extra::Polls];
    let policy = Policy::new().request_headers(["x-one"]).rule(RouteRule::new().hide(Extra::RequestHeaders));
    let stage = Stage::with::<H>(|setup| {
        setup.policy = Some(hyperlog::http::SharedPolicy::new(policy));
        setup.inside = Inside::Rules([RouteRule::new(), show(&extras)]);
        setup.act(async |_| Answer::new(200, "done"));
    });
    stage.send_with("GET /act/ann?q=1&sig=hunter2", &[("x-one", "1")]);
    let access = stage.access();
    assert_eq!(map(&access, "query")[0], ("q", &text("1")));
    assert_eq!(map(&access, "request_headers"), [("x-one", &text("1"))]);
    assert!(access.has("polls") && !access.to_string().contains("hunter2"), "{access}");
}

pub(crate) fn data_of_a_resource_has_the_query_shown<H: Host>() {
    let stage = Stage::with::<H>(|setup| {
        setup.inside = Inside::Data([RouteRule::new(), show(&[Extra::Query])]);
        setup.act(async |_| Answer::new(200, "done"));
    });
    stage.send_with("GET /act/ann?q=1", &[("x-request-id", "asks")]);
    stage.send_with("GET /act/ann", &[("x-request-id", "nothing")]);
    assert_eq!(map(&stage.wait_for_access("asks"), "query"), [("q", &text("1"))]);
    let access = stage.wait_for_access("nothing");
    assert!(!access.has("query"), "{access}");
}
