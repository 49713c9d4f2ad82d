//! Metadata between `gst::Structure` and JSON: what producers say of themselves.

use gst::glib;
use gst::prelude::*;
use serde_json::{Map, Value};

/// A structure as a JSON object; fields that JSON has no form for become text.
pub fn structure_to_json(structure: &gst::StructureRef) -> Value {
    Value::Object(
        structure
            .iter()
            .filter_map(|(name, value)| Some((name.to_string(), serialize_value(value)?)))
            .collect(),
    )
}

/// A value as JSON; `None` where it has no form at all.
pub fn serialize_value(value: &glib::Value) -> Option<Value> {
    fn number<T: for<'a> glib::value::FromValue<'a> + Into<Value>>(value: &glib::Value) -> Option<Value> {
        value.get::<T>().ok().map(Into::into)
    }
    if let Ok(text) = value.get::<Option<String>>() {
        return Some(text.map_or(Value::Null, Value::String));
    }
    if let Some(json) = number::<bool>(value)
        .or_else(|| number::<i32>(value))
        .or_else(|| number::<u32>(value))
        .or_else(|| number::<i64>(value))
        .or_else(|| number::<u64>(value))
        .or_else(|| number::<f32>(value))
        .or_else(|| number::<f64>(value))
    {
        return Some(json);
    }
    if let Ok(Some(structure)) = value.get::<Option<gst::Structure>>() {
        return Some(structure_to_json(&structure));
    }
    if let Ok(array) = value.get::<gst::Array>() {
        return Some(Value::Array(array.iter().filter_map(|item| serialize_value(item)).collect()));
    }
    if let Some((_, flags)) = glib::FlagsValue::from_value(value) {
        return Some(Value::String(flags.iter().map(|flag| flag.nick()).collect::<Vec<_>>().join("+")));
    }
    value.serialize().ok().map(|text| Value::String(text.into()))
}

/// A JSON object as a structure named `v`; anything else is `None`.
pub fn json_to_structure(json: &Value) -> Option<gst::Structure> {
    Some(object_to_structure(json.as_object()?))
}

fn object_to_structure(object: &Map<String, Value>) -> gst::Structure {
    let mut structure = gst::Structure::new_empty("v");
    for (name, value) in object {
        // Field names in a structure are a subset of JSON's: others cannot be carried.
        if let Some(value) = json_to_value(value)
            && !name.is_empty()
            && !name.contains('\0')
        {
            structure.set_value(name.as_str(), value);
        }
    }
    structure
}

fn json_to_value(json: &Value) -> Option<glib::SendValue> {
    Some(match json {
        Value::Null => return None,
        Value::Bool(value) => value.to_send_value(),
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(value), _) => value.to_send_value(),
            (None, Some(value)) => value.to_send_value(),
            (None, None) => number.as_f64()?.to_send_value(),
        },
        Value::String(text) => text.to_send_value(),
        Value::Array(items) => {
            gst::Array::from_values(items.iter().filter_map(json_to_value)).to_send_value()
        }
        Value::Object(object) => object_to_structure(object).to_send_value(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_survives_the_trip() {
        gst::init().unwrap();
        let structure = gst::Structure::builder("meta")
            .field("name", "camera")
            .field("number", 7i32)
            .field("inner", gst::Structure::builder("x").field("pi", 3.5f64).build())
            .field("list", gst::Array::new([1i32, 2]))
            .build();
        let json = structure_to_json(&structure);
        let expected =
            serde_json::json!({"name": "camera", "number": 7, "inner": {"pi": 3.5}, "list": [1, 2]});
        assert_eq!(json, expected);
        let back = json_to_structure(&json).unwrap();
        assert_eq!(back.get::<u64>("number"), Ok(7));
        assert_eq!(back.get::<gst::Structure>("inner").unwrap().get::<f64>("pi"), Ok(3.5));
        assert_eq!(structure_to_json(&back), expected);
    }
}
