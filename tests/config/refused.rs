//! What is refused, how, and how quickly.

use crate::stage::{Folder, load_as};
use hyperlog::config::Config;

/// What is said about a text under a name: where, under which key, and what.
#[track_caller]
fn check(name: &str, text: &str, expected: &str) {
    let error = load_as(name, text).expect_err(text).to_string();
    let told = error.split_once(name).map_or(error.as_str(), |(_, told)| told);
    assert!(told.starts_with(expected), "{error}");
}

#[test]
fn whatever_the_format_the_place_the_key_and_what_is_allowed_are_told() {
    check("a.toml", "\n[limits]\nmesage = 1\n", ":3:1: limits.mesage: there is no such key: did you mean `message`?");
    check("a.yaml", "limits:\n  mesage: 1\n", ":2:3: limits.mesage: there is no such key: did you mean `message`?");
    check(
        "a.json",
        "{\"limits\":\n {\"mesage\": 1}}",
        ":2:3: limits.mesage: there is no such key: did you mean `message`?",
    );
    check(
        "a.toml",
        "limits.depth = \"deep\"\n",
        ":1:8: limits.depth: this is a text, and has to be a whole number from 0 to",
    );
    check("a.toml", "limits.depth = -1\n", ":1:8: limits.depth: this has to be a whole number from 0 to 4294967295");
    check("a.toml", "limits = 7\n", ":1:1: limits: this is an integer, and has to be a table");
    check("a.toml", "hooks = true\n", ":1:1: hooks: this is a truth value, and has to be a list");
    check("a.yaml", "location: seen\n", ":1:1: location: there is no such value: there are `hidden` and `shown`");
    check(
        "a.toml",
        "[[sampling.rules]]\nmethod = { one_in = \"x\" }\n",
        ":2:12: sampling.rules[0].method.one_in: this is a text, and has to be a whole number",
    );
    check("a.toml", "[outputs.a]\npath = \"x\"\n", ":1:10: outputs.a: the key `kind` is missing: there are `console`");
    check("a.toml", "outputs = 1\n", ":1:1: outputs: this is an integer, and has to be a table of outputs by name");
    check(
        "a.toml",
        "[outputs.a]\nkind = \"console\"\nformat = \"jsn\"\n",
        ":3:1: outputs.a.format.kind: there is no such kind: did you mean `json`?",
    );
    check(
        "a.toml",
        "[outputs.a]\nkind = \"console\"\nformat = { kind = \"json\", tim = 1 }\n",
        ":3:27: outputs.a.format.tim: there is no such key: did you mean `time`?",
    );
    check(
        "a.toml",
        "[outputs.a]\nkind = \"console\"\nstrem = 1\n",
        ":3:1: outputs.a.strem: there is no such key: did you mean `stream`?",
    );
    check("a.toml", "preset = \"prodution\"\n", ":1:1: preset: there is no such preset: did you mean `production`?");
}

#[test]
fn what_is_wrong_about_requests_is_told_with_its_place_and_without_its_value() {
    let check = |text: &str, expected: &str| {
        check("a.toml", text, expected);
        let error = load_as("a.toml", text).unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
    };
    let no_level = "no such level: write trace, debug, info";
    check("[http.rule]\nlevel = \"hunter2\"\n", &format!(":2:1: http.rule.level: {no_level}"));
    check(
        "[http.routes]\n\"/a\" = {}\n\"/b\" = { level = \"hunter2\" }\n",
        &format!(":3:10: http.routes./b.level: {no_level}"),
    );
    check(
        "http.rule.failures = \"info\"\n",
        ":1:11: http.rule.failures: no rule hides a failure: this has to be `warn`",
    );
    check("http.rule.recorder = \"hunter2\"\n", ":1:11: http.rule.recorder: no such level");
    check("http.rule.sample = 1.5\n", ":1:11: http.rule.sample: this has to be a share, from 0.0 to 1.0");
    check("http.rule.sample = \"hunter2\"\n", ":1:11: http.rule.sample: this is a text, and has to be a number");
    check("http.rule.show = [\"quary\"]\n", ":1:19: http.rule.show[0]: there is no such value: did you mean `query`?");
    check("http.rule.lavel = 1\n", ":1:11: http.rule.lavel: there is no such key: did you mean `level`?");
    check("[http]\ntrsut = []\n", ":2:1: http.trsut: there is no such key: did you mean `trust`?");
    check(
        "http.trust = [\"10.0.0.0/8\",\n \"hunter2\"]\n",
        ":2:2: http.trust[1]: this is no network: write an address, or one with the length of its prefix, as 10.0.0.0/8",
    );
    check("http.trust = [\"10.0.0.0/33\"]\n", ":1:15: http.trust[0]: this is no network: ");
    check("http.id_header = \"hunter2 \"\n", ":1:6: http.id_header: this is no name of a header: write letters");
    check("http.user_id = \"\"\n", ":1:6: http.user_id: this is no name of a header");
    check(
        "http.request_headers = [\"a\", \"hunter2:\"]\n",
        ":1:30: http.request_headers[1]: this is no name of a header",
    );
    check("http.baggage = [\"a=hunter2\"]\n", ":1:17: http.baggage[0]: this is no name of an entry");
    check(
        "http.status_levels = { 40x = \"info\" }\n",
        ":1:24: http.status_levels.40x: this is no status: write one, as `404`",
    );
    check(
        "http.outcome_levels.canceled = \"info\"\n",
        ":1:21: http.outcome_levels.canceled: there is no such key: did you mean `cancelled`?",
    );
    check(
        "http.inbound_ids = \"hunter2\"\n",
        ":1:6: http.inbound_ids: there is no such value: there are `from_trusted`",
    );
    check(
        "[http.routes]\nhealth = {}\n",
        ":2:1: http.routes.health: this is no pattern of a route: it begins with `/` or `*`",
    );
    check(
        "[http.routes]\n\"regex:(\" = {}\n",
        ":2:1: http.routes.regex:(: this is no expression that can be used: unclosed group",
    );
    check(
        "hooks = [\"add_region\", \"add_regoin\"]\n",
        ":1:24: hooks[1]: no hook of this name is registered: did you mean `add_region`?",
    );
}

#[test]
fn rules_without_end_are_refused_quickly() {
    let routes = |count: usize, of: &dyn Fn(usize) -> String| {
        let rules = (0..count).map(|number| format!("{:?} = {{}}\n", of(number))).collect::<String>();
        format!("[http.routes]\n{rules}")
    };
    check("a.toml", &routes(100_000, &|number| format!("/{number}")), " is longer than 1048576 bytes");
    check("a.toml", &routes(50_000, &|number| format!("/{number}")), ":");
    check(
        "a.toml",
        &routes(5_000, &|number| format!("/{number}")),
        ":1:7: http.routes: there are more than 1000 routes",
    );
    check(
        "a.toml",
        &routes(100, &|number| format!("regex:{number}")),
        ":1:7: http.routes: there are more than 64 expressions",
    );
    check("a.toml", &routes(1, &|_| format!("/{}", "*a".repeat(100_000))), ":2:1: http.routes.");
    let error = load_as("a.toml", &routes(1, &|_| format!("/{}", "*a".repeat(100_000)))).unwrap_err().to_string();
    assert!(error.ends_with("this pattern has more than 1024 bytes") && error.len() < 1_000, "{} bytes", error.len());
    check(
        "a.toml",
        &routes(1, &|_| "regex:((a{100}){100}){100}".to_owned()),
        ":2:1: http.routes.regex:((a{100}){100}){100}: this is no expression that can be used: Compiled regex exceeds size limit",
    );
    let networks = vec!["\"::1\""; 2_000].join(", ");
    check("a.toml", &format!("http.trust = [{networks}]\n"), ":1:6: http.trust: there are more than 1000 of these");
    let said = (0..100_000).fold(Config::new().without_environment(), |config, number| {
        config.set(&format!("http.routes./{number}.level"), "info")
    });
    let error = said.load().unwrap_err().to_string();
    assert!(error.contains("http.routes: there are more than 1000 routes"), "{error}");
}

#[test]
fn what_is_no_configuration_is_refused_with_its_place() {
    check("a.toml", "level = \"info\nx = 1", ":1:14: this is no TOML: ");
    check("a.toml", "a = 1\na = 2\n", ":2:1: this is no TOML: ");
    check("a.yaml", "a: [1\n", ":");
    check("a.json", "{\"level\": \"info\",}", ":1:17: this is no JSON: ");
    check("a.json", "{\"level\": \"info\", \"level\": \"warn\"}", ":1:19: level: this key is there twice");
    check("a.json", "{} {}", ":1:4: this is no JSON: ");
    check("a.json", "[]", ":1:1: a configuration is a table of keys and values");
    check("a.yaml", "just words\n", ":1:1: a configuration is a table of keys and values");
    check("a.json", "", ":1:1: this is no JSON");
}

#[test]
fn no_value_is_in_any_error() {
    for text in [
        "limits.depth = \"hunter2\"\n",
        "location = \"hunter2\"\n",
        "limits.message = \"hunter2\"\n",
        "fatal.then = \"hunter2\"\n",
        "[outputs.a]\nkind = \"console\"\nstream = \"hunter2\"\n",
        "[outputs.a]\nkind = \"webhook\"\nurl = 5\nsecret = { hunter2 = 1 }\n",
        "level = \"info\" hunter2\n",
    ] {
        let error = load_as("a.toml", text).unwrap_err();
        let all = format!("{error} {error:?} {:?}", std::error::Error::source(&error).map(ToString::to_string));
        assert!(!all.contains("hunter2") || text.contains("{ hunter2"), "{all}");
    }
}

#[test]
fn what_is_too_large_too_deep_or_unfolds_to_too_much_is_refused() {
    let large = format!("# {}\n", "x".repeat(2 << 20));
    check("a.toml", &large, " is longer than 1048576 bytes");
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(100), "]".repeat(100));
    check("a.json", &deep, ":1:");
    let deep = format!("a = {}1{}\n", "[".repeat(60), "]".repeat(60));
    check("a.toml", &deep, ":1:");
    let bomb = (1..12).fold("a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned(), |text, level| {
        let before = level - 1;
        format!("{text}a{level}: &a{level} [{}]\n", vec![format!("*a{before}"); 9].join(", "))
    });
    check("a.yaml", &bomb, ":");
    let many = (0..30_000).map(|number| format!("k{number} = 1\n")).collect::<String>();
    check("a.toml", &many, ":");
    let pattern = format!("redaction.patterns = [\"({}\"]\n", "a{1000}".repeat(50));
    assert!(load_as("a.toml", &pattern).unwrap_err().to_string().contains("redaction"));
}

#[test]
fn more_outputs_than_a_logger_has_are_refused_when_they_are_read() {
    let outputs = |count| (0..count).map(|number| format!("outputs.a{number}.kind = \"null\"\n")).collect::<String>();
    check("a.toml", &outputs(65), ":1:1: outputs: there are more than 64 of these");
    assert!(load_as("a.toml", &outputs(64)).unwrap().builder().unwrap().build().is_ok());
}

#[test]
fn paths_do_not_climb_and_names_say_their_format() {
    let folder = Folder::new();
    let path = folder.write("shop.toml", "[outputs.a]\nkind = \"file\"\npath = \"../../etc/cron.d/x\"\n");
    let error = Config::new().without_environment().file(path).load().unwrap_err();
    assert!(error.to_string().ends_with("outputs.a: this path goes up with `..`: write where it leads"), "{error}");
    check("a.conf", "", ": the name of a configuration ends in .toml, .yaml, .yml or .json");
    let error = Config::new().without_environment().file(folder.0.join("none.toml")).load().unwrap_err();
    assert!(error.to_string().contains("none.toml cannot be read"), "{error}");
    let error = Config::new().without_environment().file(folder.0.join("..")).load().unwrap_err();
    assert!(error.to_string().contains("the name of a configuration ends in"), "{error}");
}

#[test]
fn an_output_that_cannot_be_opened_is_named() {
    let folder = Folder::new();
    folder.write("logs", "no directory");
    let path = folder.write("shop.toml", "[outputs.disk]\nkind = \"file\"\npath = \"logs/app.log\"\n");
    let error = Config::new().without_environment().file(path).load().unwrap().builder().unwrap_err();
    assert_eq!(error.path(), "outputs.disk");
    assert!(error.to_string().contains("shop.toml:1:10: outputs.disk: "), "{error}");
}
