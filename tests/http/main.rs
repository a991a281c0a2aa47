//! Requests over real sockets: each scenario is written once and held against every framework.
//!
//! A framework is a [`host`]: it starts a real server with the same few routes. What is expected of all of them stands
//! in [`scenario`]. Where a scenario is not held against a host, the reason stands beside it, and with the others on a
//! page that the test [`the_table`] compares.

#[macro_use]
mod table;

mod client;
mod host;
mod scenario;
mod stage;
mod two;

#[test]
fn the_table() {
    table::check(THEMES);
}

hold! {
    served: {
        a_success_gives_one_record: tower axum actix;
        an_unknown_path_has_no_route: tower axum actix;
        a_failure_is_an_error: tower axum actix;
        an_id_that_a_handler_sets_does_not_reach_the_client: tower axum actix;
        a_valid_inbound_id_is_kept_and_echoed: tower axum actix;
        an_invalid_inbound_id_is_replaced: tower axum actix;
        a_plain_record_of_a_handler_carries_the_id: tower axum actix;
        whoever_refuses_a_request_inside_the_reply_carries_the_id: axum actix,
            but not tower "it has no router that could refuse";
        an_error_of_inner_middleware_has_the_status_that_is_sent_and_the_id: actix,
            but not tower & axum "their errors are no responses";
        an_error_of_a_handler_has_the_status_that_is_sent_and_the_id: actix,
            but not tower & axum "their errors are no responses";
        an_extractor_without_our_layer_logs_and_rejects_nothing: axum actix, but not tower "it has no extractors";
        whatever_takes_a_layer_takes_ours: axum,
            but not tower "a service is all there is",
            but not actix "its middlewares are no layers";
        a_scope_a_resource_and_a_route_take_our_middleware: actix, but not tower & axum "their middlewares are layers";
        our_middleware_under_a_condition_logs_once_or_not_at_all: actix,
            but not tower & axum "they have no such switch";
        a_server_that_ends_gracefully_has_told_of_the_request_that_it_waited_for: tower axum actix;
    }
    routes: {
        a_pattern_that_the_framework_made_for_itself_is_no_route: axum, but not tower & actix "it makes none";
        a_nested_router_shows_the_whole_pattern_and_path: axum actix, but not tower "it has no router";
        a_router_nested_as_a_service_with_our_layer_shows_the_whole_pattern_and_path: axum,
            but not tower "it has no router",
            but not actix "its scopes are no services";
        a_router_nested_as_a_service_below_our_layer_has_no_route: axum,
            but not tower "it has no router",
            but not actix "its scopes are no services";
        a_nested_fallback_has_no_route: axum actix, but not tower "it has no router";
        a_fallback_of_the_whole_application_has_no_route: axum actix, but not tower "it has no router";
        the_route_is_the_one_whose_guards_let_the_request_through: actix,
            but not tower "it has no router",
            but not axum "its routes have no guards";
        a_path_that_is_normalized_outside_of_us_is_told_as_the_router_saw_it: axum actix,
            but not tower "it has no router";
        a_path_that_is_normalized_inside_of_us_is_told_as_it_was_sent: tower axum actix;
        around_a_whole_router_nobody_says_what_the_route_was: axum,
            but not tower "it has no router",
            but not actix "whatever is around its router learns the route";
    }
    panics: {
        a_panic_gives_a_500_that_keeps_its_text_and_the_server_lives: tower axum actix;
        a_panic_before_there_is_a_future_is_no_different: tower actix,
            but not axum "none of its handlers has such a moment";
        a_panic_of_an_argument_is_no_different: axum actix, but not tower "a request is the only argument";
        a_panic_of_an_answer_is_no_different: axum actix, but not tower "what is returned is the response";
        a_panic_of_inner_middleware_is_no_different: axum actix,
            but not tower "an inner layer is a service like any other";
        a_panic_without_a_text_still_has_its_place: tower axum actix;
        a_panic_that_comes_from_another_thread_has_its_text_and_no_made_up_place: tower axum actix;
        a_panic_that_a_handler_catches_itself_is_nobodys_business: tower axum actix;
        a_body_that_panics_is_told_and_the_server_lives: tower axum actix;
    }
    bodies: {
        head_is_not_cancelled: tower axum actix;
        a_body_that_may_not_be_sent_is_not_missed: tower axum, but not actix "it sends the body of a 204";
        a_body_of_promised_length_is_complete_without_its_end: tower axum, but not actix "it asks for the end";
        a_body_of_known_length_keeps_it: tower axum actix;
        a_body_that_fails_is_told: tower axum actix;
        a_record_lasts_to_the_end_of_the_body_and_tells_when_it_began: tower axum actix;
        a_large_body_reaches_a_slow_reader_to_the_last_byte: tower axum actix;
        code_in_a_body_logs_with_the_id: tower axum actix;
    }
    leaving: {
        what_a_handler_drops_when_it_is_cancelled_logs_with_the_id: tower axum,
            but not actix "it sees a reset, but not a client that only ends";
        a_client_that_leaves_a_stream_gives_one_cancelled_record: tower axum,
            but not actix "it sees a reset, but not a client that only ends";
        a_reset_while_a_body_pends_gives_one_cancelled_record: tower axum actix;
        a_reset_before_the_response_gives_one_cancelled_record: tower axum actix;
        a_client_that_says_no_more_before_the_response_has_left: tower axum, but not actix "it answers all the same";
        a_client_that_says_no_more_before_the_response_still_gets_it: actix,
            but not tower & axum "hyper takes it for a client that has left";
        a_large_body_that_is_left_is_cancelled_with_the_bytes_that_went: tower axum actix;
        events_that_a_client_leaves_are_closed: tower axum actix;
        an_upgrade_is_told_at_the_handshake_and_never_again: tower axum actix;
    }
    connections: {
        each_request_of_a_kept_connection_has_its_own_record: tower axum actix;
        requests_that_come_at_once_are_answered_and_told_one_by_one: tower axum actix;
        a_request_in_chunks_is_answered_when_the_last_has_come: tower axum actix;
        a_client_that_waits_to_be_told_to_go_on_gives_one_record: tower axum actix;
        a_body_that_never_comes_to_its_end_is_told_once: tower axum actix;
        what_the_server_refuses_by_itself_is_no_request: tower axum actix;
    }
    http2: {
        a_stream_gives_one_record: tower axum actix;
        streams_of_one_connection_have_each_their_own_id_and_record: tower axum actix;
        a_stream_that_is_reset_while_its_body_pends_is_cancelled: tower axum,
            but not actix "it looks at a stream only when its body has something";
        a_stream_that_is_reset_before_its_response_is_cancelled: tower axum,
            but not actix "it does not interrupt its handlers";
        a_stream_that_is_reset_before_its_response_is_cancelled_when_its_handler_is_done: actix,
            but not tower & axum "hyper interrupts the handler";
        a_connection_that_ends_cancels_all_its_streams: tower axum,
            but not actix "it looks at a stream only when its body has something";
        events_of_a_stream_that_is_reset_are_closed: tower axum actix;
        events_of_a_connection_that_ends_are_closed: tower axum actix;
        trailers_pass_through: tower axum, but not actix "its bodies have none";
        a_large_stream_is_counted_to_the_last_byte: tower axum actix;
    }
    beside: {
        compression_inside_of_us_counts_as_it_goes_out_and_outside_as_it_was: tower axum actix;
        decompression_changes_nothing_for_us: tower axum, but not actix "its extractors decompress";
        a_preflight_is_ours_only_if_it_comes_to_us: tower axum, but not actix "it brings no such middleware";
        a_timeout_inside_of_us_is_its_408: tower axum, but not actix "it brings no such middleware";
        a_timeout_outside_of_us_cancels: tower axum, but not actix "it brings no such middleware";
        an_error_that_is_handled_inside_of_us_is_its_status: axum, but not tower & actix "it brings no such middleware";
        an_error_that_is_handled_outside_of_us_cancels: axum, but not tower & actix "it brings no such middleware";
        whoever_catches_panics_outside_of_us_has_nothing_to_do: tower axum,
            but not actix "it brings no such middleware";
        layers_that_make_ids_and_send_them_back_agree_with_us: tower axum, but not actix "it brings no such middleware";
        layers_that_trace_change_nothing_for_us: tower axum, but not actix "it brings no such middleware";
        a_limit_on_concurrency_changes_nothing_for_us: tower axum, but not actix "it brings no such middleware";
        a_function_as_middleware_changes_nothing_for_us: axum actix, but not tower "a function is no layer";
        an_access_log_of_the_framework_itself_changes_nothing_for_us: actix,
            but not tower & axum "they bring no such middleware";
        a_response_that_is_replaced_inside_of_us_is_told_as_it_became: actix,
            but not tower & axum "they bring no such middleware";
        a_response_that_is_replaced_outside_of_us_was_never_sent: actix,
            but not tower & axum "they bring no such middleware";
        files_are_told_with_their_sizes: tower axum, but not actix "its files are another crate's";
    }
    hostile: {
        whatever_stands_in_a_request_a_record_is_one_line: tower axum actix;
    }
    many: {
        ten_thousand_requests_on_many_workers_keep_their_ids_apart: tower axum actix;
    }
    truth: {
        the_log_agrees_with_what_a_chaotic_client_saw: tower axum actix;
    }
}
