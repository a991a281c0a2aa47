//! The guide in a browser: each page has its heading, each picture is drawn, and no link leads nowhere.
//!
//! The lint looks at what mdbook wrote. Here is looked at what a reader gets, when all scripts of the book have run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::book::{self, Rendered, SIZE, Shelf, unescaped};
use crate::install::Install;
use crate::say::say;
use crate::step::Ended;
use crate::{Outcome, packages};

const BROWSER: &str = "chromium";

/// A book of its own, beside the one of the lint.
const FOLDER: &str = "target/guide_in_browser";

pub(super) fn prove(_: &[String], install: Install) -> Outcome<Ended> {
    if let Err(error) = packages::provide("proof book", install) {
        return Ok(Ended::LeftOut(format!("{BROWSER} cannot be had: {error}")));
    }
    if !packages::is_there(BROWSER) {
        return Ok(Ended::LeftOut(format!("there is no {BROWSER}")));
    }
    book::build(Path::new(FOLDER), install)?;
    let (titles, mut shelf) = (book::titles()?, book::shelf()?);
    let pages = open(titles.iter().map(|(name, _)| name.as_str()))?;
    let titles = titles.into_iter().zip(pages);
    let seen: Vec<Seen> = titles.map(|((name, title), page)| Seen { file: file_of(&name), title, page }).collect();
    seen.iter().for_each(|seen| shelf.put(&seen.file, seen.page.ids.iter().cloned()));
    let wrong = seen.iter().map(|seen| seen.tell(&shelf)).sum::<usize>();
    if wrong == 0 { Ok(Ended::Well) } else { Err(format!("{wrong} mistakes on the pages, told above").into()) }
}

fn file_of(page: &str) -> PathBuf {
    Path::new(FOLDER).join(page).with_extension("html")
}

/// A page as the browser shows it.
struct Seen {
    file: PathBuf,
    /// The anchor of the heading that it must begin with.
    title: Option<String>,
    page: Rendered,
}

impl Seen {
    /// Prints a line for the page, and one for each mistake, and counts these.
    fn tell(&self, shelf: &Shelf) -> usize {
        let (page, wrong) = (&self.page, self.mistakes(shelf));
        let verdict = if wrong.is_empty() { "ok    " } else { "FAILED" };
        let (name, links, pictures) = (self.file.display(), page.targets.len(), page.pictures.len());
        say(format_args!("  {verdict}  {name}: {} ids, {links} links, {pictures} pictures", page.ids.len()));
        wrong.iter().for_each(|mistake| say(format_args!("          {mistake}")));
        wrong.len()
    }

    fn mistakes(&self, shelf: &Shelf) -> Vec<String> {
        let page = &self.page;
        let untitled = self.title.is_none() || page.titles.first() != self.title.as_ref();
        let untitled = untitled.then(|| format!("it begins with {:?} and not with {:?}", page.titles, self.title));
        let blank = page.pictures.iter().filter(|picture| !is_drawn(picture.size.as_deref()));
        let blank = blank.map(|picture| format!("`{}` is not drawn: {:?}", picture.source, picture.size));
        let astray = page.targets.iter().filter_map(|target| shelf.complaint(&self.file, target));
        untitled.into_iter().chain(blank).chain(astray).collect()
    }
}

/// Whether a picture has a width and a height. One that could not be read has none.
fn is_drawn(size: Option<&str>) -> bool {
    let sides = size.and_then(|size| size.split_once('x'));
    let is_long = |side: &str| side.parse::<u32>().is_ok_and(|side| side > 0);
    sides.is_some_and(|(width, height)| is_long(width) && is_long(height))
}

/// What stands on each page when the browser has loaded it. All are opened at once, in frames of one page: a browser takes
/// its time to start.
fn open<'p>(pages: impl Iterator<Item = &'p str> + Clone) -> Outcome<Vec<Rendered>> {
    let folder = Path::new(FOLDER).canonicalize()?;
    let frames = folder.join("frames.html");
    fs::write(&frames, in_frames(pages.clone()))?;
    let mut browser = Command::new(BROWSER);
    browser.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]);
    browser.args(["--disable-background-networking", "--disable-component-update", "--disable-sync"]);
    // so that one page of the folder may look into another
    browser.arg("--allow-file-access-from-files");
    browser.arg(format!("--user-data-dir={}", folder.join(".profile").display()));
    let shown = browser.arg("--dump-dom").arg(format!("file://{}", frames.display())).output()?;
    let (seen, wanted) = (out_of_frames(&String::from_utf8_lossy(&shown.stdout)), pages.count());
    // a browser without a desktop complains of much: it is heard only if the pages are not there
    match seen.len() == wanted {
        true => Ok(seen),
        false => {
            let complaints = String::from_utf8_lossy(&shown.stderr);
            Err(format!("{BROWSER} shows {} of {wanted} pages: {}", seen.len(), complaints.trim()).into())
        }
    }
}

/// A page that shows pages, and puts in the place of each what stands on it when all have been loaded. Each picture is asked
/// how large it is.
fn in_frames<'p>(pages: impl Iterator<Item = &'p str>) -> String {
    let frames: String = pages.map(|page| format!("<iframe src=\"{page}.html\"></iframe>\n")).collect();
    format!(
        "<!DOCTYPE html>\n<meta charset=\"utf-8\">\n{frames}<script>
addEventListener('load', () => document.querySelectorAll('iframe').forEach(frame => {{
  const page = frame.contentDocument;
  page.querySelectorAll('main img').forEach(picture =>
    picture.setAttribute('{SIZE}', picture.naturalWidth + 'x' + picture.naturalHeight));
  const seen = document.createElement('pre');
  seen.textContent = page.documentElement.outerHTML;
  frame.replaceWith(seen);
}}));
</script>\n"
    )
}

fn out_of_frames(shown: &str) -> Vec<Rendered> {
    let pages = shown.split("<pre>").skip(1).filter_map(|page| page.split("</pre>").next());
    pages.map(|page| Rendered::parse(&unescaped(page))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_drawn_if_it_has_a_size() {
        for (size, expected) in [
            (Some("760x440"), true),
            (Some("0x0"), false),
            (Some("760x0"), false),
            (Some("760"), false),
            (Some("undefinedxundefined"), false),
            (None, false),
        ] {
            assert_eq!(is_drawn(size), expected, "{size:?}");
        }
    }

    #[test]
    fn a_page_without_its_heading_its_picture_or_the_end_of_a_link_is_told() {
        let seen = |html: &str| Seen {
            file: PathBuf::from("src/proof/book.html"),
            title: Some("files".to_owned()),
            page: Rendered::parse(html),
        };
        let mistakes = |html: &str| seen(html).mistakes(&Shelf::default());
        let good = "<h1 id=files></h1><img src=mod.rs data-size=2x3><a href=msrv.rs>";
        assert!(mistakes(good).is_empty());
        for (wrong, complaint) in [
            (good.replace("id=files", "id=other"), "it begins with"),
            (good.replace("2x3", "0x0"), "is not drawn"),
            (good.replace("data-size", "data-other"), "is not drawn"),
            (good.replace("msrv.rs", "nobody.rs"), "there is no"),
        ] {
            let [mistake] = mistakes(&wrong).try_into().expect("it has one mistake");
            assert!(mistake.contains(complaint), "{mistake}");
        }
    }

    #[test]
    fn what_stands_on_pages_in_frames_is_read_page_by_page() {
        let frames = in_frames(["start", "http"].into_iter());
        assert!(frames.contains("<iframe src=\"start.html\"></iframe>\n<iframe src=\"http.html\">"), "{frames}");
        assert!(frames.contains("data-size") && out_of_frames(&frames).is_empty(), "{frames}");
        let shown = "<body><pre>&lt;h1 id=\"a\"&gt;&lt;a href=\"b?c&amp;amp;d\"&gt;</pre><pre></pre></body>";
        let [first, second] = out_of_frames(shown).try_into().expect("they are two");
        assert_eq!((first.titles, first.targets), (vec!["a".to_owned()], vec!["b?c&d".to_owned()]));
        assert!(second.titles.is_empty());
    }
}
