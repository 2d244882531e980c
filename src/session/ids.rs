//! Lists of ids without duplicates.

use std::collections::HashSet;
use std::hash::Hash;

/// The ids in the order given, each at the place where it stands first. Time and memory grow with the length only.
pub fn unique<T>(ids: impl IntoIterator<Item = T>) -> Vec<T>
where
    T: Clone + Eq + Hash,
{
    let mut seen = HashSet::new();
    ids.into_iter()
        .filter(|id| seen.insert(id.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;

    #[test]
    fn the_first_of_equal_ids_keeps_its_place() {
        assert_eq!(unique([3, 1, 3, 2, 1, 3]), [3, 1, 2]);
        assert_eq!(unique(["b", "a", "b"]), ["b", "a"]);
        assert_eq!(unique(Vec::<i64>::new()), Vec::<i64>::new());
    }

    #[test]
    fn ids_beyond_the_precision_of_a_double_stay_apart() {
        let ids = [
            9_007_199_254_740_992_i64,
            9_007_199_254_740_993,
            9_007_199_254_740_992,
        ];
        assert_eq!(unique(ids), ids[..2]);
    }
}
