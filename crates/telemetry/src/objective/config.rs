//! Objectives in a configuration: `"glass_to_glass.p95 < 3s"`, or a table
//! `{ expr = "glass_to_glass.p95 < 3s", abort = true }`.

use std::fmt;

use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use super::Objective;

/// The keys of the table.
const KEYS: [&str; 2] = ["expr", "abort"];

impl Serialize for Objective {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Objective {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Entry)
    }
}

struct Entry;

impl<'de> Visitor<'de> for Entry {
    type Value = Objective;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an objective such as \"glass_to_glass.p95 < 3s\", or a table with it as expr")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Objective, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<Objective, A::Error> {
        let (mut expression, mut abort) = (None::<String>, None);
        while let Some(key) = table.next_key::<String>()? {
            match key.as_str() {
                "expr" => expression = Some(table.next_value()?),
                "abort" => abort = Some(table.next_value()?),
                other => return Err(de::Error::unknown_field(other, &KEYS)),
            }
        }
        let expression = expression.ok_or_else(|| de::Error::missing_field("expr"))?;
        let mut objective: Objective = expression.parse().map_err(de::Error::custom)?;
        objective.abort |= abort.unwrap_or(false);
        Ok(objective)
    }
}
