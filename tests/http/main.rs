//! Requests over real sockets: each scenario is written once and held against every framework.
//!
//! A framework is a [`host`]: it starts a real server with the same few routes. What is expected of all of them stands
//! in [`scenario`]. Where a scenario leaves out a host, the reason stands beside it.

mod client;
mod host;
mod scenario;

/// Makes a test of every scenario on every host that is named.
macro_rules! hold {
    ($($scenario:ident: $($host:ident)+;)+) => {$(
        mod $scenario {
            $(#[test]
            fn $host() {
                crate::scenario::$scenario::<crate::host::$host::Subject>();
            })+
        }
    )+};
}

hold! {
    a_success_gives_one_record: tower axum actix;
    an_unknown_path_has_no_route: tower axum actix;
    a_failure_is_an_error: tower axum actix;
    an_id_that_a_handler_sets_does_not_reach_the_client: tower axum actix;
    a_panic_gives_a_500_that_keeps_its_text_and_the_server_lives: tower axum actix;
    a_panic_before_there_is_a_future_is_no_different: tower actix; // no handler of axum has such a moment
    a_valid_inbound_id_is_kept_and_echoed: tower axum actix;
    an_invalid_inbound_id_is_replaced: tower axum actix;
    a_plain_record_of_a_handler_carries_the_id: tower axum actix;
    what_a_handler_drops_when_it_is_cancelled_logs_with_the_id: tower axum; // actix does not see the client leave
    head_is_not_cancelled: tower axum actix;
    a_body_that_may_not_be_sent_is_not_missed: tower axum; // actix sends it
    a_body_of_promised_length_is_complete_without_its_end: tower axum; // actix polls for the end
    a_body_that_fails_is_told: tower axum actix;
    a_body_that_panics_is_told_and_the_server_lives: tower axum actix;
    a_client_that_leaves_a_stream_gives_one_cancelled_record: tower axum; // actix does not see it leave
}

// What not every framework has.
hold! {
    a_pattern_that_the_framework_made_for_itself_is_no_route: axum;
    a_nested_router_shows_the_whole_pattern_and_path: axum actix;
    the_route_is_the_one_whose_guards_let_the_request_through: actix;
    an_error_of_inner_middleware_has_the_status_that_is_sent_and_the_id: actix;
}
