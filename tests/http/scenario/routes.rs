//! The route is the pattern, the path is what was sent.

use crate::host::{Host, Other, Side};
use crate::stage::Stage;

pub(crate) fn a_pattern_that_the_framework_made_for_itself_is_no_route<H: Host>() {
    let stage = Stage::new::<H>();
    assert_eq!(stage.send("GET /private/place").status, 200);
    let record = stage.access();
    assert!(!record.has("route"), "{record}");
}

pub(crate) fn a_nested_router_shows_the_whole_pattern_and_path<H: Host>() {
    let stage = Stage::new::<H>();
    assert_eq!(stage.send("GET /nest/7").text(), "nested");
    let record = stage.access();
    assert_eq!((record.text("route"), record.text("path")), ("/nest/{id}", "/nest/7"));
}

pub(crate) fn a_router_nested_as_a_service_with_our_layer_shows_the_whole_pattern_and_path<H: Host>() {
    let stage = Stage::new::<H>();
    assert_eq!(stage.send("GET /service/7").text(), "nested as a service");
    let record = stage.access();
    assert_eq!((record.text("route"), record.text("path")), ("/service/{id}", "/service/7"));
}

pub(crate) fn a_router_nested_as_a_service_below_our_layer_has_no_route<H: Host>() {
    let stage = Stage::new::<H>();
    assert_eq!(stage.send("GET /bare/7").text(), "nested bare");
    let record = stage.access();
    assert!(!record.has("route"), "{record}");
    assert_eq!(record.text("path"), "/bare/7");
}

pub(crate) fn a_nested_fallback_has_no_route<H: Host>() {
    let stage = Stage::new::<H>();
    assert_eq!(stage.send("GET /covered/no/such").text(), "the nested fallback");
    let record = stage.access();
    assert!(!record.has("route"), "{record}");
    assert_eq!(record.text("path"), "/covered/no/such");
}

pub(crate) fn a_fallback_of_the_whole_application_has_no_route<H: Host>() {
    let stage = Stage::new::<H>();
    let reply = stage.send("GET /no/such/place");
    assert_eq!((reply.status, reply.text()), (404, "nowhere"));
    let record = stage.access();
    assert_eq!(record.number("status"), 404.0);
    assert!(!record.has("route"), "{record}");
}

pub(crate) fn the_route_is_the_one_whose_guards_let_the_request_through<H: Host>() {
    let stage = Stage::new::<H>();
    assert_eq!(stage.send("GET /guarded/5").text(), "got");
    assert_eq!(stage.access().text("route"), "/guarded/{name}");
}

pub(crate) fn a_path_that_is_normalized_outside_of_us_is_told_as_the_router_saw_it<H: Host>() {
    let stage = Stage::beside::<H>(Other::NormalizePath, Side::Outside);
    let reply = stage.send("GET /hello/ann/");
    assert_eq!((reply.status, reply.text()), (200, "hello ann"));
    let record = stage.access();
    assert_eq!(record.text("path"), "/hello/ann");
    assert_eq!(record.text("route"), "/hello/{name}");
}

pub(crate) fn a_path_that_is_normalized_inside_of_us_is_told_as_it_was_sent<H: Host>() {
    let stage = Stage::beside::<H>(Other::NormalizePath, Side::Inside);
    let reply = stage.send("GET /hello/ann/");
    assert_eq!((reply.status, reply.text()), (200, "hello ann"));
    assert_eq!(stage.access().text("path"), "/hello/ann/");
}

pub(crate) fn around_a_whole_router_an_extractor_or_a_rule_says_what_the_route_was<H: Host>() {
    for (path, route) in [("/hello/ann", "/hello/{name}"), ("/ruled/7", "/ruled/{id}")] {
        let stage = Stage::beside::<H>(Other::NormalizePath, Side::Inside);
        assert_eq!(stage.send(&format!("GET {path}")).status, 200);
        assert_eq!(stage.access().text("route"), route);
    }
}

pub(crate) fn around_a_whole_router_nobody_says_what_the_route_was<H: Host>() {
    let stage = Stage::beside::<H>(Other::NormalizePath, Side::Inside);
    assert_eq!(stage.send("GET /text").status, 200);
    let record = stage.access();
    assert!(!record.has("route"), "{record}");
}
