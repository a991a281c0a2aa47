//! What goes over what, and that it can be told.

use crate::stage::{Folder, SOON, Stage};
use hyperlog::config::{Config, Origin};
use hyperlog::{debug, info};
use std::process::Command;

/// This test as a process with an environment of its own.
const ROLE: &str = "LAYERS_TEST_ROLE";

fn explained(variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["layers::explains_itself", "--exact", "--nocapture"])
        .env(ROLE, "explain")
        .env("HYPERLOG_DETECT", "off");
    let output = command.envs(variables.iter().copied()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[expect(clippy::print_stdout, reason = "whoever started this process reads it")]
#[test]
fn explains_itself() {
    if std::env::var_os(ROLE).is_none() {
        return;
    }
    match Config::new().set("identity.version", "9").load() {
        Ok(loaded) => println!("{}\nseen: {}", loaded.explain(), loaded.detected()),
        Err(error) => println!("{error}"),
    }
}

#[test]
fn the_program_goes_over_the_environment_over_the_file_over_the_preset() {
    let folder = Folder::new();
    let path = folder.write(
        "shop.toml",
        "preset = \"production\"\nlevel = \"warn\"\nidentity.version = \"1\"\nidentity.service = \"shop\"\n",
    );
    let told = explained(&[
        ("HYPERLOG_CONFIG", path.to_str().unwrap()),
        ("HYPERLOG_LEVEL", "debug"),
        ("HYPERLOG_IDENTITY__VERSION", "2"),
    ]);
    let said = |key: &str| {
        let line = told.lines().find(|line| line.starts_with(key)).unwrap_or_default();
        line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(said("level"), ["level", "debug", "HYPERLOG_LEVEL"], "{told}");
    assert_eq!(said("identity.version"), ["identity.version", "9", "code"]);
    assert_eq!(said("identity.service")[1..], ["shop", &format!("{}:4:10", path.display())]);
    assert_eq!(said("identity.host"), ["identity.host", "shown", "preset", "production"]);
    assert_eq!(said("preset")[1..], ["production", &format!("{}:1:1", path.display())]);
}

#[test]
fn a_preset_is_named_by_the_program_before_the_environment_before_the_file() {
    let folder = Folder::new();
    let path = folder.write("shop.toml", "preset = \"test\"\n");
    let variables = [("HYPERLOG_CONFIG", path.to_str().unwrap()), ("HYPERLOG_PRESET", "minimal")];
    assert!(explained(&variables).contains("preset minimal"));
    assert!(explained(&variables[..1]).contains("preset test"));
    let loaded = Config::new().without_environment().file(&path).preset("dev").load().unwrap();
    let level = loaded.explain().values().iter().find(|value| value.path == "level").cloned().unwrap();
    assert_eq!((level.value.as_str(), level.origin), ("debug", Origin::Preset("dev".into())));
}

#[test]
fn an_error_of_a_variable_names_the_variable_and_never_what_it_says() {
    let told = explained(&[("HYPERLOG_FATAL__DEADLINE", "hunter2")]);
    assert!(told.contains("HYPERLOG_FATAL__DEADLINE: fatal.deadline: this has to be a time with its unit"), "{told}");
    assert!(!told.contains("hunter2"));
    let told = explained(&[("HYPERLOG_LEVL", "debug")]);
    assert!(told.contains("HYPERLOG_LEVL: levl: there is no such key: did you mean `level`?"), "{told}");
}

#[test]
fn a_team_registers_presets_and_kinds_of_its_own() {
    let stage = Stage::new();
    let config = Config::new()
        .without_environment()
        .registry(stage.registry())
        .register_preset("ours", "level = \"debug\"\n[outputs.memory]\nkind = \"memory\"\nformat = \"logfmt\"\n");
    let logger = config.preset("ours").load().unwrap().builder().unwrap().build().unwrap();
    debug!(logger: logger, user = "ann", "seen");
    assert!(stage.text().contains("level=debug"), "{}", stage.text());
}

#[test]
fn a_file_may_take_back_what_a_preset_says() {
    let stage = Stage::new();
    let folder = Folder::new();
    let path = folder.write("shop.json", r#"{"preset": "production", "identity": {"host": null}, "outputs": {"console": null, "out": {"kind": "memory"}}}"#);
    let loaded = Config::new().without_environment().registry(stage.registry()).file(path).load().unwrap();
    let logger = loaded.builder().unwrap().build().unwrap();
    info!(logger: logger, "m");
    logger.flush(SOON).unwrap();
    assert_eq!(logger.health().len(), 1);
    assert!(stage.text().contains("\"pid\":") && !stage.text().contains("\"host\":"), "{}", stage.text());
}

#[test]
fn secrets_are_never_explained_and_where_they_are_kept_is() {
    let folder = Folder::new();
    let key = folder.write("key", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
    let text = format!(
        "[outputs.a]\nkind = \"webhook\"\nurl = \"https://example.com/hunter2\"\nsecret = {{ file = {key:?} }}\n\
         headers = {{ x-key = \"hunter2\" }}\nsecret_headers = {{ authorization = \"hunter2\" }}\n\
         [identity.fields]\npassword = \"hunter2\"\nnote = \"postgres://ann:hunter2@db\"\n"
    );
    let loaded = Config::new().without_environment().file(folder.write("shop.toml", &text)).load().unwrap();
    let told = loaded.explain().to_string();
    assert!(!told.contains("hunter2") && !format!("{loaded:?} {:?}", loaded.explain()).contains("hunter2"), "{told}");
    assert!(told.contains(key.to_str().unwrap()), "{told}");
}

#[test]
fn what_the_process_runs_in_is_seen_and_gives_way_to_what_is_said() {
    let variables = [
        ("HYPERLOG_DETECT", "on"),
        ("AWS_LAMBDA_FUNCTION_NAME", "shop"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "3"),
        ("AWS_REGION", "eu-central-1"),
    ];
    let told = explained(&variables);
    let said = |told: &str, key: &str| {
        let line = told.lines().find(|line| line.starts_with(key)).unwrap_or_default();
        line.split_whitespace().map(str::to_owned).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(said(&told, "identity.service"), "identity.service shop detected: lambda");
    assert_eq!(said(&told, "identity.version"), "identity.version 9 code");
    assert_eq!(
        said(&told, "identity.fields.cloud_region"),
        "identity.fields.cloud_region eu-central-1 detected: lambda"
    );
    assert_eq!(said(&told, "preset"), "preset serverless detected: lambda");
    assert_eq!(said(&told, "fatal.deadline"), "fatal.deadline 500ms preset serverless");
    assert!(told.contains("seen: lambda (by AWS_LAMBDA_FUNCTION_NAME)"), "{told}");

    let told = explained(&[&variables[1..], &[("HYPERLOG_DETECT", "on"), ("HYPERLOG_PRESET", "dev")]].concat());
    assert_eq!(said(&told, "preset"), "preset dev HYPERLOG_PRESET");
    let told = explained(&variables[1..]);
    assert_eq!(said(&told, "identity.service"), "");
    assert!(told.contains("seen: nothing"), "{told}");
}

#[test]
fn a_variable_says_lists_of_texts_names_and_numbers_with_commas() {
    let told = explained(&[
        ("HYPERLOG_OUTPUTS__HOOK__KIND", "webhook"),
        ("HYPERLOG_OUTPUTS__HOOK__URL", "https://hooks.example.com"),
        ("HYPERLOG_OUTPUTS__HOOK__ACCEPTS", "200, 202"),
        ("HYPERLOG_REDACTION__PRESETS", "email,phone"),
        ("HYPERLOG_REDACTION__HIDE", "birthday,street"),
        ("HYPERLOG_LIMITS__MESSAGE", "4096"),
        ("HYPERLOG_LIMITS__DEPTH", "3"),
    ]);
    assert!(told.contains("HYPERLOG_OUTPUTS__HOOK__ACCEPTS"), "{told}");
    let told = explained(&[("HYPERLOG_REDACTION__PRESETS", "email,phones")]);
    assert!(told.contains("did you mean `phone`?"), "{told}");
    assert!(told.contains("HYPERLOG_REDACTION__PRESETS: redaction.presets: "), "{told}");
}
