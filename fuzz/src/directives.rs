//! Reading directives: any text is directives or an error with its place, and directives read back what they show.

use hyperlog_core::{Directives, Level};

/// Reads the bytes as directives.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let directives = match text.parse::<Directives>() {
        Ok(directives) => directives,
        Err(error) => {
            assert!(error.position() <= text.len() && text.is_char_boundary(error.position()));
            assert!(error.to_string().len() < 1024, "an error does not repeat all it was given");
            return;
        }
    };
    let shown = directives.to_string();
    // What is shown names the default and escapes, and may so become longer than what may be read.
    if shown.len() <= Directives::MAX_LENGTH {
        assert_eq!(shown.parse(), Ok(directives.clone()));
    }
    for target in [text, "", "a", "a::b"] {
        let wanted = directives.level_for(target);
        assert_eq!(directives.enabled(Level::FATAL, target), wanted.allows(Level::FATAL));
        assert!(directives.most_verbose() <= wanted, "the most verbose is at least as verbose as any");
    }
}
