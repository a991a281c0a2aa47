//! A page of Markdown, as far as it can be wrong: where one can jump to, where it leads, and which blocks it shows.

use std::collections::HashMap;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use super::rendered;

/// What stands on a page.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// Of its headings, as GitHub makes them.
    pub(super) anchors: Vec<String>,
    pub(super) links: Vec<Link>,
    pub(super) blocks: Vec<Block>,
}

/// A link or a picture.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) line: usize,
    pub(super) target: String,
}

/// A block of code.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) line: usize,
    /// What stands behind the fence; nothing if there is no fence.
    pub(super) language: String,
}

impl Page {
    pub(super) fn parse(text: &str) -> Page {
        let mut page = Page::default();
        let mut heading: Option<String> = None;
        let mut taken = HashMap::new();
        for (event, place) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
            let line = text[..place.start].matches('\n').count() + 1;
            match event {
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => {
                    page.anchors.extend(heading.take().map(|heading| anchor(&heading, &mut taken)));
                }
                Event::Text(text) | Event::Code(text) => {
                    if let Some(heading) = &mut heading {
                        heading.push_str(&text);
                    }
                }
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    page.links.push(Link { line, target: dest_url.into_string() });
                }
                Event::Html(html) | Event::InlineHtml(html) => {
                    let targets = rendered::targets(&html);
                    page.links.extend(targets.into_iter().map(|target| Link { line, target }));
                }
                Event::Start(Tag::CodeBlock(kind)) => {
                    let language = match kind {
                        CodeBlockKind::Fenced(language) => language.trim().to_owned(),
                        CodeBlockKind::Indented => String::new(),
                    };
                    page.blocks.push(Block { line, language });
                }
                _ => {}
            }
        }
        page
    }
}

/// A heading in small letters, with hyphens for spaces and without punctuation. One that was there before has a number.
fn anchor(heading: &str, taken: &mut HashMap<String, usize>) -> String {
    let kept = heading.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'));
    let plain = kept.collect::<String>().to_lowercase().replace(' ', "-");
    let before = taken.entry(plain.clone()).or_default();
    *before += 1;
    match *before {
        1 => plain,
        again => format!("{plain}-{}", again - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_found_by_the_anchors_that_github_makes() {
        let page = Page::parse(
            "# What is `open`?\n\n## When it fails\n\nText\n====\n\n## When it fails\n\n```text\n# no\n```\n",
        );
        assert_eq!(page.anchors, ["what-is-open", "when-it-fails", "text", "when-it-fails-1"]);
    }

    #[test]
    fn links_and_pictures_are_found_wherever_they_are_and_with_their_line() {
        let text = "[a](a.md)\n\n| [b](b.md#x) |\n|---|\n| ![c](c.svg) |\n\n[d][e] <https://f.example>\n\
                    <img src=\"g.svg\">\n\n[e]: d.md\n";
        let links: Vec<_> = Page::parse(text).links.into_iter().map(|link| (link.line, link.target)).collect();
        let expected = [(1, "a.md"), (3, "b.md#x"), (5, "c.svg"), (7, "d.md"), (7, "https://f.example"), (8, "g.svg")];
        assert_eq!(links, expected.map(|(line, target)| (line, target.to_owned())));
    }

    #[test]
    fn what_stands_in_code_leads_nowhere() {
        let page = Page::parse("`[a](a.md)`\n\n```rust\nlet b = \"[b](b.md)\";\n```\n");
        assert_eq!(page.links, []);
    }

    #[test]
    fn blocks_have_the_language_of_their_fence_or_none() {
        let page = Page::parse("```rust,no_run\n```\n\ntext\n\n    indented\n\n> ```\n> bare\n> ```\n");
        let blocks: Vec<_> = page.blocks.iter().map(|block| (block.line, block.language.as_str())).collect();
        assert_eq!(blocks, [(1, "rust,no_run"), (6, ""), (8, "")]);
    }
}
