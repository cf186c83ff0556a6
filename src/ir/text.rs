//! The model as text.
pub struct Facts;
pub fn text(_: &super::Model, _: &Facts) -> String {
    String::new()
}
