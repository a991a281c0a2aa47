//! A page of HTML, as far as it can be wrong: its ids, where it leads, its title and its pictures.
//!
//! A scan for tags is enough: what is read was written by mdbook or by a browser.

use std::collections::HashSet;

/// What stands on a page.
#[derive(Debug, Default)]
pub(crate) struct Rendered {
    pub(crate) ids: HashSet<String>,
    /// What `href` and `src` say.
    pub(crate) targets: Vec<String>,
    pub(crate) pictures: Vec<Picture>,
    /// The ids of its headings of the first rank.
    pub(crate) titles: Vec<String>,
}

/// A picture.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) source: String,
    /// What it says to those who do not see it.
    pub(crate) says: String,
    /// What a browser was made to say of its own size.
    pub(crate) size: Option<String>,
}

/// The attribute where a browser says it.
pub(crate) const SIZE: &str = "data-size";

impl Rendered {
    pub(crate) fn parse(html: &str) -> Rendered {
        let mut page = Rendered::default();
        for tag in tags(html) {
            page.ids.extend(tag.value("id"));
            page.targets.extend(tag.target());
            if tag.name == "h1" {
                page.titles.extend(tag.value("id"));
            }
            if tag.name == "img" {
                let source = tag.value("src").unwrap_or_default();
                let says = tag.value("alt").unwrap_or_default();
                page.pictures.push(Picture { source, says, size: tag.value(SIZE) });
            }
        }
        page
    }
}

/// Where a piece of HTML leads.
pub(super) fn targets(html: &str) -> Vec<String> {
    tags(html).iter().filter_map(Tag::target).collect()
}

struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    fn value(&self, wanted: &str) -> Option<String> {
        self.attributes.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone())
    }

    fn target(&self) -> Option<String> {
        self.value("href").or_else(|| self.value("src"))
    }
}

/// The tags that open something. What stands in scripts and styles is no HTML.
fn tags(html: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut rest = html;
    while let Some((_, tag)) = rest.split_once('<') {
        if let Some(comment) = tag.strip_prefix("!--") {
            rest = behind(comment, "-->");
            continue;
        }
        let length = tag.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-').unwrap_or(tag.len());
        rest = &tag[length..];
        if length == 0 {
            continue;
        }
        let name = tag[..length].to_ascii_lowercase();
        let attributes = attributes(&mut rest);
        if name == "script" || name == "style" {
            rest = behind(rest, &format!("</{name}"));
        }
        tags.push(Tag { name, attributes });
    }
    tags
}

fn attributes(rest: &mut &str) -> Vec<(String, String)> {
    let mut attributes = Vec::new();
    loop {
        *rest = rest.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '/');
        if let Some(behind) = rest.strip_prefix('>') {
            *rest = behind;
            return attributes;
        }
        if rest.is_empty() {
            return attributes;
        }
        let ends = |letter: char| letter.is_whitespace() || matches!(letter, '=' | '>' | '/');
        let (name, behind) = rest.split_at(rest.find(ends).unwrap_or(rest.len()));
        *rest = behind.trim_start();
        let value = rest.strip_prefix('=').map(|text| value(text.trim_start(), rest)).unwrap_or_default();
        attributes.push((name.to_ascii_lowercase(), unescaped(value)));
    }
}

/// The value that a text begins with. What is behind it is left in `rest`.
fn value<'h>(text: &'h str, rest: &mut &'h str) -> &'h str {
    for quote in ['"', '\''] {
        if let Some(quoted) = text.strip_prefix(quote) {
            let (value, behind) = quoted.split_once(quote).unwrap_or((quoted, ""));
            *rest = behind;
            return value;
        }
    }
    let (value, behind) =
        text.split_at(text.find(|letter: char| letter.is_whitespace() || letter == '>').unwrap_or(text.len()));
    *rest = behind;
    value
}

fn behind<'h>(text: &'h str, end: &str) -> &'h str {
    text.split_once(end).map_or("", |(_, behind)| behind)
}

/// A text as it was before it was written as HTML.
pub(crate) fn unescaped(value: &str) -> String {
    let plain = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    plain.iter().fold(value.to_owned(), |value, (written, meant)| value.replace(written, meant))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_links_and_pictures_are_found() {
        let html = r##"<!DOCTYPE html><h1 class="menu-title">Book</h1><h1 id="a"><a href="#a">A</a></h1>
            <h2 id='b'></h2><a href="c.html?d=1&amp;e=2#f">x</a><img alt="a &quot;b&quot; > c" src=p.svg data-size=10x20><br/>"##;
        let page = Rendered::parse(html);
        assert_eq!(page.ids, ["a", "b"].map(String::from).into());
        assert_eq!(page.targets, ["#a", "c.html?d=1&e=2#f", "p.svg"]);
        assert_eq!(page.titles, ["a"]);
        let size = Some("10x20".to_owned());
        assert_eq!(page.pictures, [Picture { source: "p.svg".into(), says: "a \"b\" > c".into(), size }]);
    }

    #[test]
    fn what_is_no_tag_leads_nowhere() {
        for html in [
            "<script>let a = '<a href=\"b.html\">';</script>",
            "<!-- <a href=\"b.html\"> -->",
            "a < b href=\"b.html\"",
            "&lt;a href=\"b.html\"&gt;",
            "</a href=\"b.html\">",
        ] {
            assert!(targets(html).is_empty(), "{html}");
        }
    }

    #[test]
    fn what_is_cut_off_is_read_to_its_end() {
        for html in ["<", "<a", "<a href", "<a href=", "<a href=\"b", "<a =", "<a ==>", "<script>", "<!--"] {
            let _ = Rendered::parse(html);
        }
        assert_eq!(targets("<a =x href=b>"), ["b"]);
    }
}
