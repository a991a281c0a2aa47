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
        around_a_whole_router_an_extractor_or_a_rule_says_what_the_route_was: axum,
            but not tower "it has no router",
            but not actix "whatever is around its router learns the route";
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
        a_panic_of_what_is_dropped_when_a_client_leaves_is_told: tower axum actix;
        a_panic_that_carries_an_error_or_what_somebody_can_read_has_its_text: tower axum actix;
        the_panic_and_its_request_have_one_number: tower axum actix;
        a_panic_that_may_go_on_is_told_and_goes_on: tower axum actix;
        a_panic_is_answered_as_the_policy_wants: tower axum actix;
        a_panic_of_spawned_work_is_told_and_not_the_requests: tower axum actix;
        a_panic_of_work_that_blocks_is_told_and_not_the_requests: tower axum actix;
        a_panic_of_work_that_was_spawned_without_us_is_nobodys: tower axum actix;
        whoever_catches_panics_inside_of_us_does_not_hide_them: tower axum,
            but not actix "it brings no such middleware";
        a_rule_about_failures_holds_for_panics_too: tower axum actix;
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
        what_we_give_to_such_layers_says_what_we_say: tower axum, but not actix "it brings no such middleware";
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
        whoever_leaves_a_crowd_and_loggers_of_their_own_change_no_record_of_others: tower axum actix;
    }
    truth: {
        the_log_agrees_with_what_a_chaotic_client_saw: tower axum actix;
    }
    rules: {
        the_level_follows_the_status_and_a_table_says_otherwise: tower axum actix;
        the_level_of_an_outcome_counts_whatever_the_status: tower axum actix;
        a_function_of_all_that_is_known_may_say_the_level: tower axum actix;
        a_rule_lowers_what_is_served_and_a_failure_only_if_it_says_so: tower axum actix;
        the_nearest_to_the_handler_has_the_last_word: tower axum actix;
        data_of_a_resource_counts_more_than_that_of_its_scope: actix, but not tower & axum "they have no such data";
        a_route_that_is_off_gives_no_record_but_its_lines_keep_the_id: tower axum actix;
        a_quiet_route_shows_nothing_of_what_is_served: tower axum actix;
        nothing_hides_a_failure_or_its_records: tower axum actix;
        a_level_of_the_logger_hides_no_failure_above_it: tower axum actix;
        a_layer_inside_decides_about_all_records_of_a_request_too: tower axum actix;
        what_is_slow_is_seen_and_says_so: tower axum actix;
        a_share_decides_on_all_records_of_a_request_together: tower axum actix;
        requests_of_one_trace_are_seen_together: tower axum actix;
        a_policy_is_swapped_while_requests_are_served_and_each_keeps_its_own: tower axum actix;
        what_a_function_skips_is_still_observed: tower axum actix;
        no_rule_of_a_route_reaches_another: tower axum actix;
    }
    recorder: {
        a_failure_shows_what_was_held_in_order_before_its_record: tower axum actix;
        a_panic_shows_what_was_held: tower axum actix;
        what_is_slow_shows_what_was_held: tower axum actix;
        a_client_that_leaves_has_shown_what_was_held: tower axum actix;
        what_is_served_leaves_nothing_of_what_was_held: tower axum actix;
        the_oldest_make_room_and_the_record_says_how_many: tower axum actix;
        a_route_turns_it_on_for_itself: tower axum actix;
        a_route_turns_it_off_for_itself: tower axum actix;
        whoever_bears_a_genuine_token_sees_all_of_its_request_alone: tower axum actix;
        a_forged_or_stale_token_does_nothing: tower axum actix;
    }
    identity: {
        a_valid_trace_parent_is_on_every_record_and_goes_on: tower axum actix;
        an_invalid_trace_parent_is_as_good_as_none: tower axum actix;
        two_trace_parents_are_as_good_as_none: tower axum actix;
        a_later_version_counts_as_far_as_the_first_knows_it: tower axum actix;
        the_lines_of_a_trace_state_are_one_list: tower axum actix;
        whoever_is_not_seen_still_knows_who_it_is: tower axum actix;
        ids_travel_in_the_header_that_was_chosen: tower axum actix;
        ids_of_others_are_not_taken_where_they_are_ignored: tower axum actix;
        ids_are_made_as_the_policy_wants: tower axum actix;
        ids_are_taken_from_trusted_peers_alone: axum actix, but not tower "it knows no peers";
        other_ids_are_taken_from_trusted_peers_alone_and_the_correlation_goes_on: axum actix,
            but not tower "it knows no peers";
        what_is_no_id_is_not_taken_from_anybody: axum actix, but not tower "it knows no peers";
        the_baggage_that_was_named_is_on_every_record: tower axum actix;
        nobody_is_trusted_where_peers_are_not_known: tower, but not axum & actix "they know their peers";
        an_untrusted_peer_is_the_client_whatever_it_says: axum actix, but not tower "it knows no peers";
        behind_trusted_proxies_the_client_is_the_rightmost_that_is_not: axum actix, but not tower "it knows no peers";
        a_request_to_somebody_else_bears_the_ids_unless_it_has_its_own: tower axum actix;
    }
    shown: {
        nothing_of_it_is_shown_unless_somebody_wants_it: tower axum actix;
        a_query_is_shown_with_its_secrets_hidden: tower axum actix;
        a_request_without_a_query_shows_none: tower axum actix;
        parameters_of_a_route_are_shown_with_their_secrets_hidden: axum actix, but not tower "it has no router";
        all_headers_are_shown_but_never_what_is_sensitive: tower axum actix;
        only_the_headers_that_are_listed_are_shown: tower axum actix;
        a_header_that_somebody_marked_as_sensitive_is_hidden: tower axum actix;
        the_beginning_of_a_response_is_shown_with_a_mark: tower axum actix;
        the_beginning_of_a_request_is_shown_with_a_mark: axum actix,
            but not tower "it does not see the bodies of requests";
        the_policy_says_how_much_of_a_body_is_shown: tower axum actix;
        only_text_that_nobody_compressed_is_shown: tower axum actix;
        secrets_in_bodies_are_hidden: tower axum actix;
        secrets_in_the_bodies_of_requests_are_hidden: axum actix,
            but not tower "it does not see the bodies of requests";
        a_stream_that_is_shown_flows_as_it_did: tower axum actix;
        a_route_shows_more_than_others_and_hides_what_others_show: tower axum actix;
        a_layer_inside_shows_what_comes_after_it: tower axum actix;
        a_layer_inside_has_things_shown_as_well: tower axum actix;
        data_of_a_resource_has_the_query_shown: actix, but not tower & axum "they have no such data";
    }
    wide: {
        whatever_works_on_a_request_adds_to_its_record_alone: tower axum actix;
        an_added_field_cannot_forge_what_the_record_says: tower axum actix;
        what_is_bound_is_on_every_later_record: tower axum actix;
        work_keeps_the_id_if_it_is_taken_along: tower axum actix;
        work_that_outlives_its_request_keeps_the_id_and_changes_no_record: tower axum actix;
        an_error_is_told_with_its_causes_and_the_first_counts: tower axum actix;
        an_error_that_travels_with_a_response_is_told_once: tower axum,
            but not actix "its errors are what its handlers return";
        a_service_that_fails_is_told_with_its_causes_and_no_status: tower,
            but not axum "its services cannot fail",
            but not actix "its errors are responses";
        an_error_of_a_known_type_is_told_with_its_causes: actix, but not tower & axum "they can look into every error";
        times_are_on_the_record_and_leave_only_if_the_policy_wants_it: tower axum actix;
        what_is_drawn_from_a_request_is_on_all_its_records: tower axum actix;
        what_others_left_with_a_request_can_be_drawn: tower axum actix;
    }
    watched: {
        polls_are_counted_where_somebody_wants_to_know: tower axum actix;
        a_poll_that_takes_long_is_warned_of: tower axum actix;
        what_is_open_is_in_the_table_until_it_is_over: tower axum actix;
        what_is_open_for_long_is_told_once_and_what_a_drain_leaves_is_told_too: tower axum actix;
        a_request_that_begins_is_told_where_somebody_wants_it: tower axum actix;
        a_response_whose_end_nobody_knows_is_told_when_it_begins: tower axum actix;
        a_response_is_told_when_it_begins_only_where_its_end_may_be_missed: tower axum actix;
    }
    rejections: {
        the_extractor_that_rejects_and_its_reason_are_on_the_record: axum actix, but not tower "it has no extractors";
        a_body_that_is_too_large_is_told_as_that: axum actix, but not tower "it has no extractors";
        an_extension_that_nobody_has_put_there_is_told_as_missing: axum,
            but not tower "it has no extractors",
            but not actix "its extractor of such says only that the server failed";
        what_is_not_rejected_says_nothing_of_it: axum actix, but not tower "it has no extractors";
    }
    installed: {
        a_layer_that_is_off_lets_everything_pass: tower axum actix;
        a_layer_within_a_layer_refines_it: tower axum actix;
        a_call_without_a_server_whose_body_nobody_reads_is_closed: tower axum actix;
    }
    grpc: {
        the_status_of_a_call_decides: tower axum, but not actix "its bodies have no trailers";
        a_status_that_nobody_knows_is_told_as_a_number_and_is_a_failure: tower axum,
            but not actix "its bodies have no trailers";
        what_is_no_call_has_no_status_of_one: tower axum, but not actix "its bodies have no trailers";
        a_call_that_panics_is_answered_as_calls_are: tower axum actix;
    }
}
