//! Sampling by behaviour, through a logger: what is kept, at what rate, and what is told of the rest.

use hyperlog_core::{
    Builder, Captured, CapturedRecord, CapturedValue, Clock, ClockHands, Failures, FieldSet, Inbound, Json, Level,
    Logger, Memory, Output, Sampling, SamplingKey, SamplingMethod, SamplingRule, Timestamp, debug, error, event,
    fields, info, warn,
};
use proptest::prelude::*;
use std::cell::Cell;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(5);
const MINUTE: Duration = Duration::from_secs(60);

struct Sampled {
    logger: Logger,
    captured: Captured,
    hands: ClockHands,
}

impl Sampled {
    fn by(sampling: Sampling) -> Sampled {
        Sampled::set_up(sampling, |builder| builder)
    }

    fn set_up(sampling: Sampling, set_up: impl FnOnce(Builder) -> Builder) -> Sampled {
        let (clock, hands) = Clock::manual(Timestamp::new(1_800_000_000, 0));
        let (logger, captured) = Logger::capture_with(|builder| set_up(builder.clock(clock).sampling(sampling)));
        Sampled { logger, captured, hands }
    }

    fn rule(rule: SamplingRule) -> Sampled {
        Sampled::by(Sampling::new().rule(rule))
    }

    /// What was kept and what was told of the rest, once all is told.
    fn end(&self) -> (Vec<CapturedRecord>, Vec<CapturedRecord>) {
        self.logger.flush(SOON).unwrap();
        assert!(self.logger.health().iter().all(|output| output.is_conserved()));
        self.captured.records().into_iter().partition(|record| record.get("kind").is_none())
    }

    /// Kept and suppressed make up the offered, and so do rates and what summaries stand for.
    #[track_caller]
    fn assert_adds_up(&self, offered: u64, precision: f64) -> (usize, u64) {
        let (kept, summaries) = self.end();
        let suppressed: f64 = summaries.iter().map(|summary| summary.number("suppressed")).sum();
        assert_eq!(kept.len() as u64 + suppressed as u64, offered, "by account");
        let by_rate: f64 = kept.iter().map(rate).sum::<f64>()
            + summaries.iter().map(|summary| summary.number("stands_for")).sum::<f64>();
        let error = (by_rate - offered as f64).abs() / offered as f64;
        assert!(error <= precision, "by rate: {by_rate} of {offered}");
        (kept.len(), suppressed as u64)
    }
}

fn rate(record: &CapturedRecord) -> f64 {
    if record.has("sample_rate") { record.number("sample_rate") } else { 1.0 }
}

#[test]
fn nothing_is_sampled_unless_it_is_asked_for() {
    let (logger, captured) = Logger::capture();
    let sampled = Sampled::by(Sampling::new());
    for logger in [&logger, &sampled.logger] {
        for _ in 0..10_000 {
            info!(logger: logger, "m");
        }
        logger.flush(SOON).unwrap();
    }
    assert_eq!((captured.len(), sampled.captured.len()), (10_000, 10_000));
    assert!(captured.records().iter().all(|record| !record.has("sample_rate")));
}

#[test]
fn every_method_keeps_what_it_says_and_accounts_for_the_rest() {
    #[track_caller]
    fn check(method: SamplingMethod, kept: std::ops::RangeInclusive<usize>, precision: f64) {
        let sampled = Sampled::rule(SamplingRule::new(method));
        for _ in 0..1_000 {
            info!(logger: sampled.logger, "m");
        }
        let (count, _) = sampled.assert_adds_up(1_000, precision);
        assert!(kept.contains(&count), "{count}");
    }
    check(SamplingMethod::OneIn(10), 100..=100, 0.0);
    check(SamplingMethod::OneIn(1), 1_000..=1_000, 0.0);
    check(SamplingMethod::FirstThen { first: 100, one_in: 10 }, 190..=190, 0.0);
    check(SamplingMethod::Probability { probability: 0.25, inbound: Inbound::Ignore }, 150..=350, 0.4);
    check(SamplingMethod::Adaptive { per_second: 50.0 }, 50..=400, 0.5);
    check(SamplingMethod::Bucket { per_second: 1.0, burst: 20 }, 20..=20, 0.0);
    check(SamplingMethod::First(3), 3..=3, 0.0);
}

#[test]
fn a_kept_record_carries_its_rate_in_every_output() {
    let memory = Memory::new();
    let rule = SamplingRule::new(SamplingMethod::FirstThen { first: 1, one_in: 4 });
    let output = Output::new(Json::new(), memory.clone());
    let sampled = Sampled::set_up(Sampling::new().rule(rule), |builder| builder.output(output));
    for _ in 0..5 {
        info!(logger: sampled.logger, sample_rate = "forged", "m");
    }
    let text = memory.text();
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!((lines[0].get("sample_rate"), &lines[1]["sample_rate"]), (None, &4.0.into()));
    assert!(lines.iter().all(|line| line["field.sample_rate"] == "forged"));
}

#[test]
fn what_is_sampled_out_evaluates_no_argument() {
    let sampled = Sampled::rule(SamplingRule::new(SamplingMethod::First(2)));
    let evaluated = Cell::new(0);
    for _ in 0..100 {
        info!(
            logger: sampled.logger,
            a = {
                evaluated.set(evaluated.get() + 1);
                1
            },
            "m"
        );
    }
    assert_eq!(evaluated.get(), 2);
}

#[test]
fn failures_are_kept_whatever_the_rules() {
    let sampled = Sampled::rule(SamplingRule::new(SamplingMethod::First(1)).key(SamplingKey::Rule));
    for _ in 0..500 {
        info!(logger: sampled.logger, "m");
        error!(logger: sampled.logger, "failed");
        event!(logger: sampled.logger, Level::SECURITY, "intrusion");
        sampled.logger.log(Level::CRITICAL, "m", &FieldSet::new());
    }
    let (kept, _) = sampled.end();
    assert_eq!(kept.iter().filter(|record| record.level() >= Level::ERROR).count(), 1_500);
    assert_eq!(kept.len(), 1_501);
}

#[test]
fn failures_collapse_only_where_it_is_asked_for_and_never_the_gravest() {
    let collapse = Failures::Collapse { window: MINUTE, key: SamplingKey::CallSite };
    let sampled = Sampled::by(Sampling::new().failures(collapse));
    for _ in 0..10 {
        error!(logger: sampled.logger, "failed");
        event!(logger: sampled.logger, Level::AUDIT, "done");
    }
    let (kept, summaries) = sampled.end();
    assert_eq!(kept.iter().filter(|record| record.level() == Level::ERROR).count(), 1);
    assert_eq!(kept.iter().filter(|record| record.level() == Level::AUDIT).count(), 10);
    assert_eq!(summaries[0].message(), "ERROR records of sampling repeated 9 times");
}

#[test]
fn only_records_of_the_rule_s_target_and_levels_are_sampled() {
    let rule = SamplingRule::new(SamplingMethod::First(1)).target("shop").levels(Level::DEBUG..=Level::INFO);
    let sampled = Sampled::rule(rule);
    #[track_caller]
    fn check(sampled: &Sampled, say: impl Fn(&Logger), kept: usize) {
        sampled.captured.clear();
        (0..5).for_each(|_| say(&sampled.logger));
        assert_eq!(sampled.captured.len(), kept);
    }
    check(&sampled, |logger| info!(logger: logger, target: "shop::cart", "m"), 1);
    check(&sampled, |logger| debug!(logger: logger, target: "shop", "m"), 1);
    check(&sampled, |logger| warn!(logger: logger, target: "shop", "m"), 5);
    check(&sampled, |logger| info!(logger: logger, target: "shopping", "m"), 5);
    check(&sampled, |logger| info!(logger: logger.named("shop"), target: "other", "m"), 1);
}

#[test]
fn records_of_run_time_are_sampled_by_what_they_are() {
    let sampled = Sampled::rule(SamplingRule::new(SamplingMethod::First(2)));
    for _ in 0..5 {
        sampled.logger.log(Level::INFO, "one", &FieldSet::new());
        sampled.logger.log(Level::INFO, "other", &FieldSet::new());
        sampled.logger.log(Level::WARN, "one", &FieldSet::new());
    }
    let (kept, _) = sampled.assert_adds_up(15, 0.0);
    assert_eq!(kept, 6);
}

#[test]
fn records_with_the_same_value_in_a_field_are_alike_wherever_they_come_from() {
    let rule = SamplingRule::new(SamplingMethod::First(2)).key(SamplingKey::Field("user".into()));
    let sampled = Sampled::rule(rule);
    let bound = sampled.logger.with(fields!(user = "ann"));
    for _ in 0..3 {
        info!(logger: sampled.logger, user = "ann", "at the call");
        info!(logger: bound, "bound");
        info!(logger: bound, user = "bob", "over a bound one");
        sampled.logger.log(Level::INFO, "at run time", &FieldSet::new().with("user", "ann"));
        info!(logger: sampled.logger, "without");
        error!(logger: bound, "failed");
    }
    let of = |kept: &[CapturedRecord], user: &str| {
        kept.iter()
            .filter(|record| record.level() < Level::ERROR && record.has("user") && record.text("user") == user)
            .count()
    };
    let (kept, _) = sampled.end();
    assert_eq!((of(&kept, "ann"), of(&kept, "bob")), (2, 2));
    assert_eq!(kept.iter().filter(|record| record.message() == "without").count(), 2);
    assert_eq!(kept.iter().filter(|record| record.level() == Level::ERROR).count(), 3);
    sampled.assert_adds_up(18, 0.0);
}

#[test]
fn a_summary_tells_the_window_that_ended_before_the_next_record() {
    let sampled = Sampled::rule(SamplingRule::new(SamplingMethod::First(1)).window(MINUTE));
    let say = || info!(logger: sampled.logger, "m");
    (0..5).for_each(|_| say());
    assert_eq!(sampled.captured.len(), 1);
    sampled.hands.advance(2 * MINUTE);
    say();
    let records = sampled.captured.records();
    assert_eq!(records.len(), 3);
    let summary = &records[1];
    assert_eq!(summary.message(), "INFO records of sampling repeated 4 times");
    assert_eq!((summary.level(), summary.target(), summary.text("kind")), (Level::INFO, "sampling", "summary"));
    assert_eq!((summary.number("suppressed"), summary.number("stands_for")), (4.0, 4.0));
    assert_eq!(summary.get("window"), Some(&CapturedValue::Duration(MINUTE)));
}

#[test]
fn a_summary_speaks_for_no_single_request() {
    let sampled = Sampled::rule(SamplingRule::new(SamplingMethod::First(1)).window(MINUTE));
    let say = |logger: &Logger| info!(logger: logger, "m");
    (0..5).for_each(|_| say(&sampled.logger));
    sampled.hands.advance(2 * MINUTE);
    let request = sampled.logger.with(fields!(user = "ann")).named("request");
    say(&request);
    request.flush(SOON).unwrap();
    let (_, summaries) = sampled.end();
    assert_eq!(summaries.len(), 1);
    assert!(!summaries[0].has("user") && summaries[0].target() == "sampling", "{}", summaries[0]);
}

#[test]
fn a_key_that_falls_silent_is_told_of_without_another_record() {
    let rule = SamplingRule::new(SamplingMethod::First(1)).window(Duration::from_millis(1));
    let (sender, receiver) = std::sync::mpsc::channel();
    let sender = std::sync::Mutex::new(sender);
    let tell = hyperlog_core::Hook::observe(move |record| {
        let _ = sender.lock().unwrap().send(record.message().to_owned());
    });
    // The real clock: the summary comes from the background.
    let (logger, _) = Logger::capture_with(|builder| builder.sampling(Sampling::new().rule(rule)).hook(tell));
    for _ in 0..100 {
        info!(logger: logger, "m");
    }
    let last = std::iter::from_fn(|| receiver.recv_timeout(MINUTE).ok()).find(|message| message.contains("repeated"));
    assert!(last.is_some());
}

#[test]
fn a_sampling_that_makes_no_sense_is_refused_with_its_reason() {
    let sampling = Sampling::new().rule(SamplingRule::new(SamplingMethod::OneIn(0)));
    let error = Logger::builder().sampling(sampling).build().unwrap_err();
    assert_eq!(error.to_string(), "the sampling cannot be done");
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "sampling rule 1 makes no sense: one in zero is nothing; write at least 1");
}

#[test]
fn many_threads_are_accounted_for_exactly() {
    for method in
        [SamplingMethod::OneIn(7), SamplingMethod::First(10), SamplingMethod::FirstThen { first: 3, one_in: 5 }]
    {
        let sampled = Sampled::rule(SamplingRule::new(method));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                let logger = &sampled.logger;
                scope.spawn(move || (0..1_000).for_each(|_| info!(logger: logger, "m")));
            }
        });
        sampled.assert_adds_up(8_000, 1.0);
    }
}

#[test]
fn many_threads_are_accounted_for_exactly_by_the_real_clock() {
    for key in [SamplingKey::CallSite, SamplingKey::Rule] {
        for method in [SamplingMethod::OneIn(1000), SamplingMethod::Bucket { per_second: 1.0, burst: 1 }] {
            let rule = SamplingRule::new(method).key(key.clone());
            let sampled = Sampled::set_up(Sampling::new().rule(rule), |builder| builder.clock(Clock::system()));
            std::thread::scope(|scope| {
                for _ in 0..8 {
                    let logger = &sampled.logger;
                    scope.spawn(move || (0..10_000).for_each(|_| info!(logger: logger, "m")));
                }
            });
            sampled.assert_adds_up(80_000, 1.0);
        }
    }
}

fn methods() -> impl Strategy<Value = SamplingMethod> {
    prop_oneof![
        (1..20_u32).prop_map(SamplingMethod::OneIn),
        (0..10_u32, 1..10_u32).prop_map(|(first, one_in)| SamplingMethod::FirstThen { first, one_in }),
        (0.01..=1.0_f64).prop_map(|probability| SamplingMethod::Probability { probability, inbound: Inbound::Follow }),
        (1.0..100.0_f64).prop_map(|per_second| SamplingMethod::Adaptive { per_second }),
        (0.1..100.0_f64, 1..20_u32).prop_map(|(per_second, burst)| SamplingMethod::Bucket { per_second, burst }),
        (1..10_u32).prop_map(SamplingMethod::First),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn kept_and_suppressed_make_up_the_offered_whatever_the_rules_and_the_time(
        rules in prop::collection::vec((methods(), 0..3_u8, 1..8_usize), 0..4),
        steps in prop::collection::vec((0..4_u8, 0..200_u64, 0..5_u8), 1..200),
    ) {
        let rules = rules.into_iter().map(|(method, key, keys)| {
            let key = match key {
                0 => SamplingKey::CallSite,
                1 => SamplingKey::Rule,
                _ => SamplingKey::Field("user".into()),
            };
            SamplingRule::new(method).key(key).keys(keys).window(SOON)
        });
        let sampled = Sampled::by(rules.fold(Sampling::new(), Sampling::rule));
        let offered = steps.len() as u64;
        for (site, hundredths, user) in steps {
            sampled.hands.advance(Duration::from_millis(10 * hundredths));
            match site {
                0 => info!(logger: sampled.logger, user, "one"),
                1 => debug!(logger: sampled.logger, user, "two"),
                2 => error!(logger: sampled.logger, user, "three"),
                _ => sampled.logger.log(Level::WARN, "four", &FieldSet::new().with("user", user)),
            }
        }
        let (kept, summaries) = sampled.end();
        let suppressed: f64 = summaries.iter().map(|summary| summary.number("suppressed")).sum();
        prop_assert_eq!(kept.len() as u64 + suppressed as u64, offered);
    }
}
