//! The three formats say the same, and the reference is true.

use crate::stage::{Folder, load_as};
use hyperlog::config::Config;
use serde_json::Value;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn one_configuration_in_three_formats_is_one_configuration() {
    let toml = "level = \"info,sqlx=warn\"\n[limits]\ndepth = 3\nmessage = \"4 KiB\"\n[redaction]\nhide = [\"a\", \"b\"]\n\
                [outputs.a]\nkind = \"console\"\nformat = { kind = \"json\", template = true }\n";
    let yaml = "level: info,sqlx=warn\nlimits: &limits\n  depth: 3\n  message: 4 KiB\nredaction:\n  hide: [a, \"b\"]\n\
                outputs:\n  a:\n    kind: console\n    format: {kind: json, template: true}\n";
    let json = r#"{"level": "info,sqlx=warn", "limits": {"depth": 3, "message": "4 KiB"}, "redaction": {"hide": ["a", "b"]},
                   "outputs": {"a": {"kind": "console", "format": {"kind": "json", "template": true}}}}"#;
    let values = |name, text| {
        let explanation = load_as(name, text).unwrap().explain();
        explanation.values().iter().map(|value| (value.path.clone(), value.value.clone())).collect::<Vec<_>>()
    };
    let expected = values("a.toml", toml);
    assert_eq!(expected.len(), 7);
    assert_eq!(values("a.yaml", yaml), expected);
    assert_eq!(values("a.json", json), expected);
    assert_eq!(values("a.yml", yaml), expected);
}

#[test]
fn the_samples_say_the_same_and_can_be_built() {
    let explained = ["toml", "yaml", "json"].map(|format| {
        let path = root().join("docs/config").join(format!("shop.{format}"));
        let explanation = Config::new().without_environment().file(path).load().unwrap().explain();
        explanation.values().iter().map(|value| (value.path.clone(), value.value.clone())).collect::<Vec<_>>()
    });
    assert!(explained[0].len() > 20);
    assert_eq!(explained[0], explained[1]);
    assert_eq!(explained[0], explained[2]);

    // In a folder of its own, with a secret that is there.
    let folder = Folder::new();
    let secret = folder.write("hook", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
    let text = fs::read_to_string(root().join("docs/config/shop.toml")).unwrap();
    let text = text
        .replace("/run/secrets/hook", secret.to_str().unwrap())
        .replace("{ env = \"SHOP_HOOK_URL\" }", "\"https://hooks.example.com/shop\"");
    let loaded = Config::new().without_environment().file(folder.write("shop.toml", &text)).load().unwrap();
    let logger = loaded.builder().unwrap().build().unwrap();
    hyperlog::info!(logger: logger, "ready");
    logger.close(crate::stage::SOON).unwrap();
    let line = fs::read_to_string(folder.0.join("logs/shop.log")).unwrap();
    assert!(line.contains("\"service\":\"shop\"") && line.contains("\"pid\":"), "{line}");
}

#[test]
fn every_preset_can_be_built_and_is_shown_in_the_reference() {
    for name in PRESETS {
        let loaded = Config::new().without_environment().preset(name).load().unwrap();
        assert_eq!(loaded.builder().unwrap().build().unwrap().health()[0].name, "console", "{name}");
    }
}

const PRESETS: [&str; 10] =
    ["dev", "production", "api", "web", "microservice", "worker", "serverless", "hardened", "minimal", "test"];

/// Set, the pages are written instead of compared.
const WRITE: &str = "HYPERLOG_WRITE_REFERENCE";

#[test]
fn the_reference_and_the_schema_are_those_of_the_types() {
    let schema = Config::new().schema();
    check_page("docs/config/schema.json", &format!("{}\n", serde_json::to_string_pretty(&schema).unwrap()));
    check_page("docs/guide/src/configuration_reference.md", &reference(&schema));
}

#[test]
fn the_guide_shows_what_each_preset_says_that_production_does_not() {
    let path = "docs/guide/src/configuration.md";
    let page = fs::read_to_string(root().join(path)).unwrap().replace("\r\n", "\n");
    let (begin, end) = ("| preset | says, where `production` says otherwise |\n|---|---|\n", "\n\n");
    let (before, rest) = page.split_once(begin).unwrap();
    let (_, after) = rest.split_once(end).unwrap();
    let rows: Vec<_> = PRESETS.iter().filter(|name| **name != "production").map(|name| difference(name)).collect();
    check_page(path, &format!("{before}{begin}{}{end}{after}", rows.join("\n")));
}

/// What a preset says that `production` does not, and what it leaves out, as a row of a table.
fn difference(name: &str) -> String {
    let said = |name: &str| {
        let explanation = Config::new().without_environment().preset(name).load().unwrap().explain();
        let values = explanation.values().iter().filter(|value| value.path != "preset");
        values.map(|value| (value.path.clone(), value.value.clone())).collect::<Vec<_>>()
    };
    let (production, own) = (said("production"), said(name));
    let is_there = |path: &str| own.iter().any(|(other, _)| other == path);
    let others =
        own.iter().filter(|value| !production.contains(value)).map(|(path, value)| format!("`{path} = {value}`"));
    let left_out = production.iter().filter(|(path, _)| !is_there(path)).map(|(path, _)| format!("no `{path}`"));
    format!("| `{name}` | {} |", others.chain(left_out).collect::<Vec<_>>().join(", "))
}

#[track_caller]
fn check_page(path: &str, expected: &str) {
    let file = root().join(path);
    if std::env::var_os(WRITE).is_some() {
        fs::write(&file, expected).unwrap();
    }
    let is_true = fs::read_to_string(&file).is_ok_and(|text| text.replace("\r\n", "\n") == expected);
    assert!(is_true, "{path} does not say what the types say: run the tests with {WRITE}=1, and commit what changes");
}

/// Every key, as a page of the guide.
fn reference(schema: &Value) -> String {
    let mut page = "# Every key of a configuration\n\nMade from the types that read it.\n".to_owned();
    section(&mut page, "Of the whole", schema);
    let kinds = schema["properties"]["outputs"]["additionalProperties"]["oneOf"].as_array().unwrap();
    let own = |kind: &Value, keys: &dyn Fn(&str) -> bool| {
        let properties = kind["properties"].as_object().unwrap().iter().filter(|(key, _)| keys(key));
        Value::from_iter([(
            "properties",
            Value::from_iter(properties.map(|(key, value)| (key.clone(), value.clone()))),
        )])
    };
    let common = ["color", "format", "kind", "lane", "level", "queue", "theme"];
    let mut of_every = own(&kinds[0], &|key| common.contains(&key));
    let names: Vec<&Value> = kinds.iter().map(|kind| &kind["properties"]["kind"]["const"]).collect();
    of_every["properties"]["kind"] = serde_json::json!({ "description": "What kind it is of.", "enum": names });
    section(&mut page, "Of every output", &of_every);
    for kind in kinds {
        let name = kind["properties"]["kind"]["const"].as_str().unwrap();
        section(&mut page, &format!("Of an output of the kind `{name}`"), &own(kind, &|key| !common.contains(&key)));
    }
    for format in kinds[0]["properties"]["format"]["oneOf"].as_array().unwrap() {
        if let Some(name) = format["properties"]["kind"]["const"].as_str() {
            section(&mut page, &format!("Of the format `{name}`"), &own(format, &|key| key != "kind"));
        }
    }
    page += "\n## The presets\n";
    for name in PRESETS {
        let text = fs::read_to_string(root().join(format!("src/config/presets/{name}.toml"))).unwrap();
        write!(page, "\n`{name}`:\n\n```toml\n{text}```\n").unwrap();
    }
    page
}

fn section(page: &mut String, title: &str, schema: &Value) {
    let mut rows = Vec::new();
    collect(schema, "", &mut rows);
    if rows.is_empty() {
        return;
    }
    write!(page, "\n## {title}\n\n| key | what it says | what it may be |\n|---|---|---|\n").unwrap();
    for (key, what, form) in rows {
        writeln!(page, "| `{key}` | {what} | {form} |").unwrap();
    }
}

fn collect(schema: &Value, path: &str, rows: &mut Vec<(String, String, String)>) {
    for (key, property) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}{key}");
        let ways = property["anyOf"].as_array();
        let inner = ways.and_then(|ways| ways.iter().find(|way| way["properties"].is_object())).unwrap_or(property);
        let (inner, path) = match inner["items"]["properties"].is_object() {
            true => (&inner["items"], format!("{path}[]")),
            false => (inner, path),
        };
        if inner["properties"].is_object() && inner["properties"]["env"].is_null() {
            collect(inner, &format!("{path}."), rows);
            continue;
        }
        let what = property["description"].as_str().or(inner["description"].as_str()).unwrap_or_default();
        rows.push((path, what.replace('\n', " ").replace('|', "\\|"), form_of(property)));
    }
}

/// What a value may be, in a few words.
fn form_of(property: &Value) -> String {
    let mut names = Vec::new();
    name_forms(property, &mut names);
    names.dedup();
    names.join(", ")
}

fn name_forms(property: &Value, names: &mut Vec<String>) {
    if let Some(examples) = property["examples"].as_array() {
        let examples = examples.iter().filter_map(Value::as_str).map(|example| format!("`{example}`"));
        names.push(format!("such as {}", examples.collect::<Vec<_>>().join(" or ")));
        return;
    }
    if let Some(name) = property["const"].as_str() {
        names.push(format!("`{name}`"));
    }
    for value in property["enum"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        names.push(format!("`{value}`"));
    }
    for way in [&property["oneOf"], &property["anyOf"]].into_iter().filter_map(Value::as_array).flatten() {
        name_forms(way, names);
    }
    if !names.is_empty() && property["type"] == "string" {
        return;
    }
    if let Some(properties) = property["properties"].as_object() {
        let keys = properties.iter().map(|(key, value)| match value["const"].as_str() {
            Some(value) => format!("{key} = \"{value}\""),
            None => format!("{key} = …"),
        });
        names.push(format!("`{{ {} }}`", keys.collect::<Vec<_>>().join(", ")));
        return;
    }
    let types = match &property["type"] {
        Value::String(name) => vec![name.as_str()],
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    for name in types {
        match name {
            "string" if property["pattern"] == "%" => names.push("a pattern".to_owned()),
            "string" if property["enum"].is_null() => names.push("a text".to_owned()),
            "integer" => names.push("an integer".to_owned()),
            "number" => names.push("a number".to_owned()),
            "boolean" => names.push("`true` or `false`".to_owned()),
            "array" => names.push("a list".to_owned()),
            "object" => names.push("a table".to_owned()),
            _ => {}
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}
