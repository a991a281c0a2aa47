//! placeholder
/// m
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mask {
    /// f
    Full,
    /// d
    Drop,
}
/// r
#[derive(Clone, Debug)]
pub struct Redaction {
    off: bool,
}
impl Default for Redaction {
    fn default() -> Self {
        Redaction { off: false }
    }
}
impl Redaction {
    /// o
    pub fn off() -> Redaction {
        Redaction { off: true }
    }
    /// i
    pub fn is_off(&self) -> bool {
        self.off
    }
    /// i
    pub fn id(&self) -> u64 {
        1
    }
    /// k
    pub fn key(&self, path: &str) -> Option<Mask> {
        (path.ends_with("password")).then_some(Mask::Full)
    }
    /// c
    pub fn is_clean(&self, _text: &str) -> bool {
        true
    }
    /// t
    pub fn text(&self, _text: &str, _out: &mut String) -> bool {
        false
    }
    /// m
    pub fn mask(&self, mask: Mask, _value: &str, out: &mut String) -> bool {
        out.push_str("[REDACTED]");
        mask != Mask::Drop
    }
}
