//! Rust from the files that the engine shares with the package, the page and the documentation: `errors.json`, of which
//! the engine takes what it raises, and `limits.json`.

use serde_json::{Map, Value};
use std::path::Path;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let in_page = env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family == "wasm");
    write("errors.rs", &errors(&read("errors.json"), if in_page { "advice" } else { "command" }));
    write("limits.rs", &limits(&read("limits.json"), ""));
}

fn read(name: &str) -> Map<String, Value> {
    println!("cargo::rerun-if-changed={name}");
    serde_json::from_slice(&fs::read(name).expect(name)).expect(name)
}

fn write(name: &str, text: &str) {
    let folder = env::var("OUT_DIR").expect("cargo names the folder");
    fs::write(Path::new(&folder).join(name), text).expect(name);
}

/// Code, message and advice of each variant of `Error`. An entry without advice for the command line is the package's own.
/// The words in braces are the variant's fields, so the compiler finds an entry and a variant that do not fit.
fn errors(entries: &Map<String, Value>, advice: &str) -> String {
    let mut arms = [const { String::new() }; 3];
    for (name, entry) in entries.iter().filter(|(_, entry)| entry.get("command").is_some()) {
        let text = |key: &str| entry[key].as_str().unwrap_or_else(|| panic!("errors.json: {name} has no {key}"));
        let variant = format!("{}{}", name[..1].to_uppercase(), &name[1..]);
        let fields: Vec<&str> = text("message").split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
        let bound = match fields[..] {
            [] => String::new(),
            ["reason"] => "(reason)".into(),
            _ => format!(" {{ {} }}", fields.join(", ")),
        };
        let any = if fields[..] == ["reason"] {
            "(_)"
        } else if fields.is_empty() {
            ""
        } else {
            " { .. }"
        };
        arms[0] += &format!("            Error::{variant}{any} => {:?},\n", text("code"));
        arms[1] += &format!("            Error::{variant}{any} => {:?},\n", text(advice));
        arms[2] += &format!("            Error::{variant}{bound} => write!(f, {:?}),\n", text("message"));
    }
    let [codes, advice, messages] = arms;
    format!(
        "impl Error {{
    /// Stable identifier, kebab-case.
    pub fn code(&self) -> &'static str {{
        match self {{
{codes}        }}
    }}

    /// One sentence that says what to do, for someone in front of a page, or natively at the command line.
    pub fn advice(&self) -> &'static str {{
        match self {{
{advice}        }}
    }}
}}

impl std::fmt::Display for Error {{
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {{
        match self {{
{messages}        }}
    }}
}}
"
    )
}

/// A constant per value, two per range: the ends of `tile` are `TILE_MIN` and `TILE_MAX`.
fn limits(values: &Map<String, Value>, above: &str) -> String {
    let mut lines = String::new();
    for (key, value) in values {
        let name: String =
            key.chars().flat_map(|c| c.is_uppercase().then_some('_').into_iter().chain(Some(c))).collect();
        let name = format!("{above}{}", name.to_uppercase());
        let kind = match value {
            Value::Object(inner) => {
                lines += &limits(inner, &format!("{name}_"));
                continue;
            }
            Value::Array(ends) if ends.len() == 2 && ends[0].is_number() => {
                let ends = [("min", ends[0].clone()), ("max", ends[1].clone())].map(|(key, end)| (key.into(), end));
                lines += &limits(&ends.into_iter().collect(), &format!("{name}_"));
                continue;
            }
            Value::Number(number) if number.is_f64() => "f64",
            Value::Number(_) => "usize",
            Value::String(_) => "&str",
            Value::Array(_) => "&[&str]",
            other => panic!("limits.json: {key} is {other}"),
        };
        let reference = if value.is_array() { "&" } else { "" };
        lines += &format!("/// `{key}` in `limits.json`.\npub const {name}: {kind} = {reference}{value};\n");
    }
    lines
}
