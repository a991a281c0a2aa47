//! The text that a scraper takes: the one that all know, or OpenMetrics, which has room for exemplars.

use prometheus_client::encoding::prometheus_text;

/// In which text metrics are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// The text of Prometheus, version 0.0.4, which every scraper reads.
    #[default]
    Text,
    /// OpenMetrics 1.0, which shows traces beside durations.
    OpenMetrics,
}

impl Format {
    /// What the header `accept` of a scrape prefers.
    ///
    /// ```
    /// use hyperlog_prometheus::Format;
    ///
    /// let prometheus = "application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
    /// assert_eq!(Format::accepted(prometheus), Format::OpenMetrics);
    /// assert_eq!(Format::accepted("text/html, */*"), Format::Text);
    /// ```
    pub fn accepted(accept: &str) -> Format {
        let best = |types: &[&str]| {
            let of_types = |range: &str| types.iter().any(|name| range_name(range).eq_ignore_ascii_case(name));
            accept.split(',').filter(|range| of_types(range)).map(quality).fold(0.0, f32::max)
        };
        let open_metrics = best(&["application/openmetrics-text"]);
        match open_metrics > 0.0 && open_metrics >= best(&["text/plain", "text/*"]) {
            true => Format::OpenMetrics,
            false => Format::Text,
        }
    }

    /// What the header `content-type` says of it.
    pub const fn content_type(self) -> &'static str {
        match self {
            Format::Text => prometheus_text::CONTENT_TYPE,
            Format::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

fn range_name(range: &str) -> &str {
    range.split(';').next().unwrap_or_default().trim()
}

/// From nothing to one, which it is where nothing is said. What cannot be read is not wanted.
fn quality(range: &str) -> f32 {
    let said = range.split(';').skip(1).find_map(|parameter| parameter.trim().strip_prefix("q="));
    said.map_or(1.0, |said| said.trim().parse().unwrap_or(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scraper_gets_what_it_prefers_and_whoever_says_nothing_gets_what_all_can_read() {
        let cases = [
            ("", Format::Text),
            ("*/*", Format::Text),
            ("text/plain;version=0.0.4", Format::Text),
            ("application/openmetrics-text", Format::OpenMetrics),
            ("Application/OpenMetrics-Text; version=1.0.0; charset=utf-8", Format::OpenMetrics),
            ("text/plain;q=0.9, application/openmetrics-text;q=0.4", Format::Text),
            ("text/plain;q=0.4, application/openmetrics-text; q=0.4", Format::OpenMetrics),
            ("application/openmetrics-text;q=0, text/plain;q=0", Format::Text),
            ("application/openmetrics-text;q=much", Format::Text),
            ("application/openmetrics-text;q=NaN", Format::Text),
            (";;,,;q=,\u{fffd}", Format::Text),
        ];
        for (accept, wanted) in cases {
            assert_eq!(Format::accepted(accept), wanted, "{accept}");
        }
    }
}
