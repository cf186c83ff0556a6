//! What the values of a Parquet column mean: by its physical type, its logical type, and the older converted type.

use super::Builder;
use crate::data::dates;
use ::parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type};
use ::parquet::data_type::Int96;
use ::parquet::errors::ParquetError;
use ::parquet::schema::types::ColumnDescriptor;

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Numbers or booleans, as their physical type has them.
    Plain,
    Unsigned,
    /// Whole numbers that are divided by 10 so many times.
    Decimal(u32),
    /// Floating-point numbers of two bytes.
    Half,
    /// Days since 1970-01-01.
    Date,
    /// A time of day, with so many units a second.
    Time(i64),
    /// The time since 1970-01-01, with so many units a second.
    Timestamp(i64),
    Text,
    Uuid,
}

/// What a column holds that was taken for one of texts.
pub(super) const NO_TEXT: &str = "bytes that are no text";

/// The Julian day of 1970-01-01.
const JULIAN_EPOCH: i64 = 2_440_588;
const SECONDS: i64 = 86_400;
const NANOSECONDS: i64 = 1_000_000_000;

impl Kind {
    /// What the values of `column` are.
    ///
    /// # Errors
    ///
    /// What they are, where that is no number, text or date.
    pub(super) fn of(column: &ColumnDescriptor) -> Result<Kind, &'static str> {
        if let Some(logical) = column.logical_type_ref() {
            return Kind::of_logical(logical, column);
        }
        Ok(match column.converted_type() {
            ConvertedType::DECIMAL => return Kind::decimal(column.type_scale()),
            ConvertedType::DATE => Kind::Date,
            ConvertedType::TIME_MILLIS => Kind::Time(1000),
            ConvertedType::TIME_MICROS => Kind::Time(1_000_000),
            ConvertedType::TIMESTAMP_MILLIS => Kind::Timestamp(1000),
            ConvertedType::TIMESTAMP_MICROS => Kind::Timestamp(1_000_000),
            ConvertedType::UINT_8
            | ConvertedType::UINT_16
            | ConvertedType::UINT_32
            | ConvertedType::UINT_64 => Kind::Unsigned,
            ConvertedType::INTERVAL => return Err("intervals of time"),
            ConvertedType::BSON => return Err("BSON documents"),
            _ => match column.physical_type() {
                // Older writers do not say which bytes are texts.
                Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY => Kind::Text,
                _ => Kind::Plain,
            },
        })
    }

    fn of_logical(logical: &LogicalType, column: &ColumnDescriptor) -> Result<Kind, &'static str> {
        let units = |unit: &TimeUnit| match unit {
            TimeUnit::MILLIS => 1000,
            TimeUnit::MICROS => 1_000_000,
            TimeUnit::NANOS => NANOSECONDS,
        };
        Ok(match logical {
            LogicalType::String | LogicalType::Enum | LogicalType::Json => Kind::Text,
            LogicalType::Decimal(_) => return Kind::decimal(column.type_scale()),
            LogicalType::Date => Kind::Date,
            LogicalType::Time(time) => Kind::Time(units(&time.unit)),
            LogicalType::Timestamp(time) => Kind::Timestamp(units(&time.unit)),
            LogicalType::Integer(integer) if !integer.is_signed => Kind::Unsigned,
            LogicalType::Integer(_) | LogicalType::Unknown => Kind::Plain,
            LogicalType::Uuid => Kind::Uuid,
            LogicalType::Float16 => Kind::Half,
            LogicalType::Bson => return Err("BSON documents"),
            LogicalType::Geometry(_) | LogicalType::Geography(_) => {
                return Err("shapes of geography");
            }
            _ => return Err("values of a type that is not known"),
        })
    }

    fn decimal(scale: i32) -> Result<Kind, &'static str> {
        let scale = u32::try_from(scale).map_err(|_| "decimals of a negative scale")?;
        Ok(Kind::Decimal(scale))
    }

    /// Appends a whole number: `value`, or `unsigned` where its bits are that.
    pub(super) fn push_integer(
        self,
        out: &mut Builder,
        value: i64,
        unsigned: u64,
    ) -> Result<(), ParquetError> {
        match self {
            Kind::Unsigned => out.push_integer(unsigned.into()),
            Kind::Decimal(scale) => push_decimal(out, value.into(), scale),
            Kind::Date => out.push_text(&dates::written(value, 0)),
            Kind::Time(units) => {
                out.push_text(&dates::time(
                    value.rem_euclid(SECONDS * units) * (NANOSECONDS / units),
                ));
            }
            Kind::Timestamp(units) => {
                let (days, rest) = (
                    value.div_euclid(SECONDS * units),
                    value.rem_euclid(SECONDS * units),
                );
                out.push_text(&dates::written(days, rest * (NANOSECONDS / units)));
            }
            _ => out.push_integer(value.into()),
        }
        Ok(())
    }

    /// Appends a value of bytes.
    pub(super) fn push_bytes(self, out: &mut Builder, bytes: &[u8]) -> Result<(), ParquetError> {
        match self {
            Kind::Decimal(scale) => push_decimal(out, big_endian(bytes)?, scale),
            Kind::Half => match bytes {
                [low, high] => out.push_float(half(u16::from_le_bytes([*low, *high]))),
                _ => return Err(ParquetError::General("a float16 has two bytes".into())),
            },
            Kind::Uuid => {
                let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                out.push_text(&digits);
            }
            _ => {
                let text = std::str::from_utf8(bytes)
                    .map_err(|_| ParquetError::General(NO_TEXT.into()))?;
                out.push_text(text);
            }
        }
        Ok(())
    }
}

/// Appends a point in time of the type that Parquet had before it had timestamps: nanoseconds of a Julian day.
pub(super) fn push_int96(out: &mut Builder, value: &Int96) -> Result<(), ParquetError> {
    let &[low, high, day] = value.data() else {
        return Err(ParquetError::General("an INT96 has three parts".into()));
    };
    let nanoseconds = i64::from(high) << 32 | i64::from(low);
    let of_day = SECONDS * NANOSECONDS;
    let days = i64::from(day as i32) - JULIAN_EPOCH + nanoseconds.div_euclid(of_day);
    out.push_text(&dates::written(days, nanoseconds.rem_euclid(of_day)));
    Ok(())
}

/// Appends the number nearest to `unscaled` · 10^−`scale`.
fn push_decimal(out: &mut Builder, unscaled: i128, scale: u32) {
    match scale {
        0 => out.push_integer(unscaled),
        _ => {
            let nearest = format!("{unscaled}e-{scale}").parse();
            out.push_float(nearest.expect("digits, and an exponent"));
        }
    }
}

/// The whole number in two's complement.
fn big_endian(bytes: &[u8]) -> Result<i128, ParquetError> {
    let sign = match bytes.first() {
        Some(first) if first & 0x80 != 0 => 0xFF,
        _ => 0,
    };
    let start = bytes.len().saturating_sub(16);
    let (above, bytes) = bytes.split_at(start);
    let mut wide = [sign; 16];
    wide[16 - bytes.len()..].copy_from_slice(bytes);
    let value = i128::from_be_bytes(wide);
    match above.iter().all(|byte| *byte == sign) && (value < 0) == (sign != 0) {
        true => Ok(value),
        false => Err(ParquetError::General(
            "a decimal has more than 38 digits".into(),
        )),
    }
}

/// The number in the bits of a float16.
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (
        i32::from(bits >> 10 & 0x1F),
        f64::from(bits & 0x3FF) / 1024.0,
    );
    sign * match exponent {
        0 => fraction * 2f64.powi(-14),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1.0 + fraction) * 2f64.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_the_numbers_that_they_mean() {
        // As NumPy's `float16` has them.
        for (bits, value) in [
            (0x3C00, 1.0),
            (0xC000, -2.0),
            (0x3555, 0.333_251_953_125),
            (0x0001, 5.960_464_477_539_063e-8),
            (0x7BFF, 65504.0),
            (0x7C00, f64::INFINITY),
        ] {
            assert_eq!(half(bits), value);
        }
        assert!(half(0x7E00).is_nan());
        for (bytes, value) in [
            (&[0xFF, 0x85][..], Some(-123)),
            (&[0x01, 0x00], Some(256)),
            (&[0xFF; 20], Some(-1)),
            (&[1; 17], None),
            (&[], Some(0)),
        ] {
            assert_eq!(big_endian(bytes).ok(), value, "{bytes:?}");
        }
    }
}
