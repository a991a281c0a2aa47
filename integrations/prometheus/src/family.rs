//! A family of metrics as it is written: a name, what it means, and one line for each set of labels.
//!
//! What is collected here is counted elsewhere, so that the client's own counters and gauges would be a second copy of it.

use prometheus_client::encoding::{DescriptorEncoder, EncodeCounterValue, EncodeLabelSet, EncodeMetric, NoLabelSet};
use prometheus_client::metrics::MetricType;
use std::fmt;

/// Writes one family after the other.
pub(crate) struct Families<'a>(DescriptorEncoder<'a>);

/// The one set of labels of a family that needs none.
pub(crate) const NO_LABELS: [(&str, &str); 0] = [];

impl<'a> Families<'a> {
    pub(crate) fn new(encoder: DescriptorEncoder<'a>) -> Families<'a> {
        Families(encoder)
    }

    /// The client adds `_total` to the name.
    pub(crate) fn counter<L: EncodeLabelSet, V: EncodeCounterValue>(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = (L, V)>,
    ) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (labels, value) in values {
            family.encode_family(&labels)?.encode_counter::<NoLabelSet, V, u64>(&value, None)?;
        }
        Ok(())
    }

    /// Of floats, which every gauge of Prometheus is: a signed integer is too small for some.
    pub(crate) fn gauge<L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = (L, f64)>,
    ) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (labels, value) in values {
            family.encode_family(&labels)?.encode_gauge(&value)?;
        }
        Ok(())
    }

    pub(crate) fn histogram<'m, L: EncodeLabelSet, M: EncodeMetric + 'm>(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = (L, &'m M)>,
    ) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Histogram)?;
        for (labels, value) in values {
            value.encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }
}
