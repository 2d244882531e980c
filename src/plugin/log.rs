//! Logs as Terraform reads them: one line of JSON an event, on standard error, with hclog's `@level`, `@message`,
//! `@module` and `@timestamp`, so that the level survives under `TF_LOG`.
//!
//! What libraries say is shown at the level trace only, and of those only the ones that carry the wire to the host: a
//! library that speaks with the cloud might show a token.

use std::io::Write;

use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// The libraries that are heard at the level trace.
const WIRE_LIBRARIES: [&str; 6] = ["h2", "hyper", "rustls", "tokio_rustls", "tonic", "tower"];

/// This crate, as tracing names it.
const CRATE: &str = env!("CARGO_CRATE_NAME");

/// hclog's format; the host reads a line whose time it cannot parse as plain text.
const TIMESTAMP: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");

/// Sends events to standard error, at the level that the environment asks for. `name` is the provider's, and begins each
/// `@module`.
///
/// Does nothing if the process has a log already.
pub fn init(name: &'static str) {
    let level = level(|variable| std::env::var(variable).ok());
    let heard = filter_fn(move |metadata| is_heard(metadata, level));
    let layer = Lines {
        name,
        write: |line: &[u8]| _ = std::io::stderr().write_all(line),
    };
    _ = tracing_subscriber::registry()
        .with(layer.with_filter(heard))
        .with(level)
        .try_init();
}

/// The level that `TF_LOG_PROVIDER` asks for, or else `TF_LOG`.
///
/// The host understands the same names in any case, takes `JSON` for everything, and a name it does not know as well.
/// When nothing is asked for it throws lines away; warnings are still written, for whoever runs the plugin by hand.
fn level(variable: impl Fn(&str) -> Option<String>) -> LevelFilter {
    let set = |name| variable(name).filter(|value| !value.is_empty());
    let Some(asked) = set("TF_LOG_PROVIDER").or_else(|| set("TF_LOG")) else {
        return LevelFilter::WARN;
    };
    match asked.to_ascii_lowercase().as_str() {
        "off" => LevelFilter::OFF,
        "error" => LevelFilter::ERROR,
        "warn" => LevelFilter::WARN,
        "info" => LevelFilter::INFO,
        "debug" => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    }
}

fn is_heard(metadata: &Metadata<'_>, level: LevelFilter) -> bool {
    let library = metadata.target().split("::").next().unwrap_or_default();
    library == CRATE || level == LevelFilter::TRACE && WIRE_LIBRARIES.contains(&library)
}

/// Writes events as lines.
struct Lines<W> {
    name: &'static str,
    write: W,
}

impl<S: Subscriber, W: Fn(&[u8]) + 'static> Layer<S> for Lines<W> {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut line = fields.0;
        line.insert(
            "@level".into(),
            level_name(*event.metadata().level()).into(),
        );
        line.insert(
            "@module".into(),
            module(self.name, event.metadata().target()).into(),
        );
        line.insert(
            "@timestamp".into(),
            OffsetDateTime::now_utc()
                .format(TIMESTAMP)
                .unwrap_or_default()
                .into(),
        );
        let mut bytes = Value::Object(line).to_string().into_bytes();
        bytes.push(b'\n');
        // One write, so that lines of several threads do not mix.
        (self.write)(&bytes);
    }
}

fn level_name(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

/// `hwc.huaweicloud.client` of `terraform_provider_hwc::huaweicloud::client`; a library keeps its name.
fn module(name: &str, target: &str) -> String {
    let within = target
        .strip_prefix(CRATE)
        .filter(|rest| rest.is_empty() || rest.starts_with("::"));
    match within {
        Some(rest) => format!("{name}{}", rest.replace("::", ".")),
        None => target.replace("::", "."),
    }
}

/// The fields of an event, the message among them.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        let name = match field.name() {
            "message" => "@message",
            name => name,
        };
        self.0.insert(name.to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::{Arc, Mutex};

    use super::*;

    #[test]
    fn the_provider_s_own_level_goes_before_the_general_one() {
        for (provider, general, expected) in [
            (None, None, LevelFilter::WARN),
            (None, Some("info"), LevelFilter::INFO),
            (Some("ERROR"), Some("trace"), LevelFilter::ERROR),
            (Some("off"), Some("trace"), LevelFilter::OFF),
            (Some(""), Some("debug"), LevelFilter::DEBUG),
            (None, Some("JSON"), LevelFilter::TRACE),
            (None, Some("loud"), LevelFilter::TRACE),
        ] {
            let level = level(|name| match name {
                "TF_LOG_PROVIDER" => provider.map(str::to_owned),
                _ => general.map(str::to_owned),
            });

            assert_eq!(level, expected, "{provider:?} {general:?}");
        }
    }

    #[test]
    fn an_event_is_one_line_of_json_with_its_fields() {
        let written = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&written);
        let layer = Lines {
            name: "hwc",
            write: move |line: &[u8]| sink.lock().unwrap().extend_from_slice(line),
        };
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            tracing::info!(status = 200, path = "/v2", method = ?"PUT", "called\nthe cloud");
        });

        let text = String::from_utf8(written.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().count(), 1);
        let line: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["@level"], "info");
        assert_eq!(line["@message"], "called\nthe cloud");
        assert_eq!(line["@module"], "hwc.plugin.log.tests");
        assert_eq!(
            (&line["status"], &line["path"]),
            (&200.into(), &"/v2".into())
        );
    }

    #[test]
    fn a_library_keeps_its_name() {
        assert_eq!(module("hwc", "h2::codec"), "h2.codec");
        assert_eq!(module("hwc", CRATE), "hwc");
        assert_eq!(
            module("hwc", &format!("{CRATE}_other")),
            format!("{CRATE}_other")
        );
    }
}
