//! Configurations of hostile bytes: each is one, or an error on one line that says no more than it has to.

use hyperlog::config::{Config, ConfigError, Loaded};
use std::fs;

/// Reads the bytes as a file, of the format that the first says, or as what a program says, line by line.
pub fn run(data: &[u8]) {
    let Some((format, text)) = data.split_first() else { return };
    let config = Config::new().without_environment();
    let (loaded, again) = match format % 4 {
        0 => from_file(config, "toml", text),
        1 => from_file(config, "yaml", text),
        2 => from_file(config, "json", text),
        _ => {
            let said = String::from_utf8_lossy(text);
            let said = said.lines().filter_map(|line| line.split_once('='));
            let config = said.fold(config, |config, (path, value)| config.set(path, value));
            (config.load(), config.load())
        }
    };
    match (loaded, again) {
        (Ok(loaded), Ok(again)) => {
            let told = loaded.explain().to_string();
            assert!(told.chars().all(|character| character == '\n' || !is_active(character)), "{told:?}");
            assert_eq!(told.lines().count(), loaded.explain().values().len(), "a line for each value");
            assert_eq!(told, again.explain().to_string());
            assert!(loaded.policy().is_ok(), "what cannot be is refused when it is read");
        }
        (Err(error), Err(again)) => {
            let told = error.to_string();
            assert!(told.len() < 16 * 1024 && !told.contains(is_active), "{told:?}");
            assert_eq!(told, again.to_string());
        }
        (one, another) => panic!("the same is {} and {}", one.is_ok(), another.is_ok()),
    }
}

/// Whether a terminal could act on it.
fn is_active(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Twice, since what is read must not depend on anything else.
fn from_file(config: Config, format: &str, text: &[u8]) -> (Result<Loaded, ConfigError>, Result<Loaded, ConfigError>) {
    let path = std::env::temp_dir().join(format!("hyperlog-fuzz-{}.{format}", std::process::id()));
    fs::write(&path, text).expect("there is room for temporary files");
    let config = config.file(&path);
    let both = (config.load(), config.load());
    fs::remove_file(&path).expect("it was written");
    both
}
