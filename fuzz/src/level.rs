//! Reading a level: any text is a level or an error, and a level is read back from its own name and number.

use hyperlog_core::Level;

/// Reads the bytes as the name of a level.
pub fn run(data: &[u8]) {
    let Some(level) = std::str::from_utf8(data).ok().and_then(|text| text.parse::<Level>().ok()) else {
        return;
    };
    assert_eq!(Level::from_severity(level.severity()), Some(level));
    assert_eq!(level.severity().to_string().parse(), Ok(level));
    assert_eq!(level.name().to_lowercase().parse(), Ok(level));
}
