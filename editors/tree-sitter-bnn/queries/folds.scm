; What can be folded away.

[
  (steps)
  (branches)
  (settings)
  (parameter_settings)
  (arguments)
] @fold
