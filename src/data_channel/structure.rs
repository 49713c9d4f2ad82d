//! Structures of custom events, from JSON.

use gst::glib;
use gst::prelude::*;
use serde_json::{Map, Value};

/// A structure with this name and the fields of a JSON object. Whole numbers become guint64, negative ones gint64;
/// all numbers of a list become of one type.
///
/// # Errors
/// The name is none that a structure can have, or there is no object; says so.
pub(crate) fn from_json(name: &str, json: &Value) -> Result<gst::Structure, String> {
    if !is_name(name) {
        return Err(format!("'{name}' is no name of a structure"));
    }
    let object = json.as_object().ok_or("a structure is an object")?;
    fields(name, object)
}

/// As gst_structure_new wants it.
fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|other| other.is_ascii_alphanumeric() || "/-_.:+".contains(other))
}

fn fields(name: &str, object: &Map<String, Value>) -> Result<gst::Structure, String> {
    let mut structure = gst::Structure::new_empty(name);
    for (name, json) in object {
        if name.is_empty() || name.contains('\0') {
            return Err(format!("'{name}' is no name of a field"));
        }
        if let Some(value) = value(json)? {
            structure.set_value(name.as_str(), value);
        }
    }
    Ok(structure)
}

/// A value; none for null, which a structure has no form of.
fn value(json: &Value) -> Result<Option<glib::SendValue>, String> {
    Ok(Some(match json {
        Value::Null => return Ok(None),
        Value::Bool(flag) => flag.to_send_value(),
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => number.to_send_value(),
            (None, Some(number)) => number.to_send_value(),
            (None, None) => number.as_f64().unwrap_or_default().to_send_value(),
        },
        Value::String(text) if text.contains('\0') => return Err("a text has a NUL in it".into()),
        Value::String(text) => text.to_send_value(),
        Value::Array(items) => list(items)?.to_send_value(),
        Value::Object(object) => fields("v", object)?.to_send_value(),
    }))
}

fn list(items: &[Value]) -> Result<gst::Array, String> {
    if !items.is_empty() && items.iter().all(Value::is_number) {
        return Ok(if items.iter().all(Value::is_u64) {
            gst::Array::new(items.iter().filter_map(Value::as_u64))
        } else if items.iter().all(Value::is_i64) {
            gst::Array::new(items.iter().filter_map(Value::as_i64))
        } else {
            gst::Array::new(items.iter().filter_map(Value::as_f64))
        });
    }
    // A GstValueArray has one type.
    let kind = items.iter().find(|item| !item.is_null()).map(std::mem::discriminant);
    if items.iter().any(|item| !item.is_null() && Some(std::mem::discriminant(item)) != kind) {
        return Err("the items of a list must be of one kind".into());
    }
    let values: Vec<_> = items.iter().map(value).collect::<Result<_, _>>()?;
    Ok(gst::Array::from_values(values.into_iter().flatten()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_object_becomes_a_structure_with_numbers_of_one_type_in_each_list() {
        gst::init().unwrap();
        let json = json!({"a": 1, "b": [1.5, 2], "c": {"d": "text"}, "e": -1, "f": [1, -2], "g": ["x", null], "n": null});
        let structure = from_json("my-event", &json).unwrap();
        assert_eq!(structure.name(), "my-event");
        assert_eq!(structure.get::<u64>("a"), Ok(1));
        assert_eq!(structure.get::<i64>("e"), Ok(-1));
        let of = |name: &str| structure.get::<gst::Array>(name).unwrap();
        let doubles: Vec<f64> = of("b").iter().map(|value| value.get().unwrap()).collect();
        assert_eq!(doubles, [1.5, 2.0]);
        let signed: Vec<i64> = of("f").iter().map(|value| value.get().unwrap()).collect();
        assert_eq!(signed, [1, -2]);
        assert_eq!(of("g").len(), 1);
        assert_eq!(structure.get::<gst::Structure>("c").unwrap().get::<&str>("d"), Ok("text"));
        assert!(!structure.has_field("n"));
    }

    #[test]
    fn names_that_structures_cannot_have_are_refused_and_never_a_panic() {
        gst::init().unwrap();
        for name in ["", "1", "a b", "a\0", "ä", "-x", "a,b"] {
            assert!(from_json(name, &json!({})).is_err(), "{name:?}");
        }
        for json in [
            json!(1),
            json!([]),
            json!({"": 1}),
            json!({"a\0": 1}),
            json!({"a": "b\0"}),
            json!({"a": ["\0"]}),
            json!({"a": [1, "x"]}),
        ] {
            assert!(from_json("a", &json).is_err(), "{json}");
        }
    }
}
