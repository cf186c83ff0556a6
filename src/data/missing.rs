//! Entries that targets do not have: pixels that nobody labelled, steps behind the end of a sequence.

use super::{TargetKind, Values};

/// The byte of a place without a label: the void of Pascal VOC and Cityscapes.
pub const VOID: f64 = 255.0;

/// Whether `value`, one of these, says that a target of this kind has nothing there: NaN, and in the place of a label −1
/// or, among bytes, 255 where that is no class. Never of a target that is one label or one row of numbers.
pub fn is_missing(kind: TargetKind, values: &Values, value: f64) -> bool {
    if !kind.may_miss_entries() {
        return false;
    }
    let is_void = |classes: usize| {
        let is_byte = matches!(values, Values::U8(_));
        value == -1.0 || (is_byte && value == VOID && classes as f64 <= VOID)
    };
    value.is_nan() || kind.classes().is_some_and(is_void)
}

/// The same of a target whose classes are not known yet: NaN, −1, and 255 among bytes.
pub(super) fn may_be_missing(values: &Values, value: f64) -> bool {
    value.is_nan() || value == -1.0 || (value == VOID && matches!(values, Values::U8(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_targets_with_places_miss_entries() {
        let kind = |word, sizes: Option<&[usize]>, places: Option<&[usize]>| {
            TargetKind::of(word, sizes, places).unwrap()
        };
        let (bytes, numbers) = (Values::U8(vec![]), Values::F64(vec![]));
        let mask = kind("category", Some(&[21]), Some(&[4, 4]));
        for (values, value, expected) in [
            (&bytes, 255.0, true),
            (&bytes, 20.0, false),
            (&bytes, 21.0, false),
            (&numbers, 255.0, false),
            (&numbers, -1.0, true),
            (&numbers, -2.0, false),
            (&numbers, f64::NAN, true),
        ] {
            assert_eq!(is_missing(mask, values, value), expected, "{value}");
        }
        // 255 is a class of its own.
        let full = kind("category", Some(&[256]), Some(&[4, 4]));
        assert!(!is_missing(full, &bytes, 255.0));
        // A number may well be -1 or 255.
        let image = kind("real", Some(&[4, 4, 1]), None);
        assert!(!is_missing(image, &bytes, 255.0) && !is_missing(image, &numbers, -1.0));
        assert!(is_missing(image, &numbers, f64::NAN));
        for whole in [
            TargetKind::Category(3),
            TargetKind::Real(3),
            TargetKind::Binary,
        ] {
            assert!(!is_missing(whole, &numbers, f64::NAN) && !is_missing(whole, &numbers, -1.0));
        }
    }
}
