//! The command line tool, as somebody at a terminal or a script sees it.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

fn hyperlog(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hyperlog"));
    command.args(arguments).env("HYPERLOG_DETECT", "off").env_remove("HYPERLOG_CONFIG").env("HYPERLOG_LEVEL", "warn");
    command.output().unwrap()
}

/// A file that goes away with its test.
struct Written(PathBuf);

impl Written {
    fn new(name: &str, text: &str) -> Written {
        let path = std::env::temp_dir().join(format!("hyperlog-{}-{name}", std::process::id()));
        fs::write(&path, text).unwrap();
        Written(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.0));
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn a_file_is_checked_and_the_code_says_how_it_went() {
    let good = Written::new("good.toml", "level = \"info\"\n");
    let output = hyperlog(&["config", "check", good.path()]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), &*format!("{}: well said\n", good.path())));
    let bad = Written::new("bad.toml", "levl = \"info\"\n");
    let output = hyperlog(&["config", "check", bad.path()]);
    let expected = format!("error: {}:1:1: levl: there is no such key: did you mean `level`?", bad.path());
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), ""));
    assert!(text(&output.stderr).starts_with(&expected), "{output:?}");
    assert_eq!(hyperlog(&["config", "inspect", bad.path()]).status.code(), Some(2));
    assert_eq!(hyperlog(&["config", "check", good.path(), "--preset", "prod"]).status.code(), Some(1));
}

#[test]
fn what_every_start_would_refuse_is_told_by_a_check_already() {
    let hook = |said: &str| format!("outputs.hook = {{ kind = \"webhook\", {said} }}\n");
    for (said, expected) in [
        (hook("url = \"http://hunter2.example/\""), Some("the address is http://")),
        (hook("url = \"https://10.0.0.1/hunter2\""), Some("the host is not on the internet")),
        (hook("url = \"https://a.example/\", secret = \"hunter2\""), Some("the web hook cannot be signed: ")),
        (
            hook("url = \"https://a.example/\", headers = { content-type = \"hunter2\" }"),
            Some("the header `content-type`"),
        ),
        (
            "outputs.disk = { kind = \"file\", path = \"a.log\", mode = \"999\" }\n".to_owned(),
            Some("three octal digits"),
        ),
        (hook("url = \"https://a.example/\", root_certificate = \"../ca.pem\""), Some("goes up with `..`")),
        (hook("url = \"https://a.example/\", queue = { capacity = 64, reserve = 64 }"), Some("outputs.hook.queue: ")),
        (hook("url = \"https://a.example/\", lane = { instead_of = \"disc\" }"), Some("no other output has this name")),
        (
            "redaction.patterns = [\"a\", \"(hunter2\"]\n".to_owned(),
            Some("redaction.patterns[1]: it is no regular expression"),
        ),
        ("redaction.hide = [\"a..hunter2\"]\n".to_owned(), Some("redaction.hide[0]: write a name")),
        ("metrics.routes = 20000\n".to_owned(), Some("metrics.routes: this has to be a whole number from 0 to 10000")),
        ("metrics.buckets = [\"0s\"]\n".to_owned(), Some("metrics.buckets: no request takes no time")),
        // What stands elsewhere is not known here, and need not be there.
        (hook("url = { env = \"NOT_SET_HERE\" }, secret = { file = \"not_there\" }"), None),
    ] {
        let file = Written::new("refused.toml", &format!("level = \"info\"\n{said}"));
        let output = hyperlog(&["config", "check", file.path()]);
        let told = text(&output.stderr);
        assert_eq!(output.status.success(), expected.is_none(), "{said}: {output:?}");
        assert!(told.contains(expected.unwrap_or_default()) && !told.contains("hunter2"), "{said}: {told}");
        assert!(expected.is_none() || told.contains(".toml:2:"), "{said}: {told}");
    }
}

/// These tests are built with every feature, and what is installed is built with `cli` alone.
#[test]
fn the_installed_program_knows_every_key() {
    let manifest = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).unwrap();
    let cli = manifest.lines().find(|line| line.starts_with("cli = [")).unwrap();
    for feature in ["config", "file", "formats", "http", "patterns", "prometheus", "webhook", "zstd"] {
        assert!(cli.contains(&format!("\"{feature}\"")), "{feature}: {cli}");
    }
}

#[test]
fn a_check_looks_at_the_environment_only_if_it_is_told_to() {
    let file = Written::new("environment.toml", "level = \"info\"\n");
    let check = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hyperlog"));
        command
            .args(["config", "check", file.path()])
            .args(more)
            .env("HYPERLOG_LEVL", "x")
            .output()
            .unwrap()
            .status
            .code()
    };
    assert_eq!((check(&[]), check(&["--environment"])), (Some(0), Some(1)));
}

#[test]
fn what_is_in_force_is_told_for_people_and_for_programs() {
    let file = Written::new("force.toml", "preset = \"minimal\"\nidentity.service = \"shop\"\n");
    let output = hyperlog(&["config", "explain", file.path()]);
    let lines: Vec<Vec<&str>> = text(&output.stdout).lines().map(|line| line.split_whitespace().collect()).collect();
    assert!(lines.contains(&vec!["level", "warn", "HYPERLOG_LEVEL"]), "{lines:?}");
    assert!(lines.contains(&vec!["seen:", "nothing"]), "{lines:?}");
    let output = hyperlog(&["config", "explain", file.path(), "--format", "json"]);
    let values: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
    let service = values.iter().find(|value| value["key"] == "identity.service").unwrap();
    assert_eq!(service["value"], "shop");
    assert!(service["origin"].as_str().unwrap().ends_with("force.toml:2:10"), "{service}");
}

#[test]
fn the_schema_is_the_published_one_and_shells_are_helped() {
    let output = hyperlog(&["config", "schema"]);
    let schema: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let published = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/config/schema.json")).unwrap();
    assert_eq!(schema, serde_json::from_str::<serde_json::Value>(&published).unwrap());
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(text(&hyperlog(&["completions", shell]).stdout).contains("hyperlog"), "{shell}");
    }
    let help = hyperlog(&["config", "--help"]);
    assert!(text(&help.stdout).contains("check") && help.status.success());
    assert_eq!(hyperlog(&[]).status.code(), Some(2));
}
