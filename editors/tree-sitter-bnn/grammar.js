/// <reference types="tree-sitter-cli/dsl" />
// The grammar of `.bnn` files for editors. `grammar/bnn.pest` is the language; a test compares the two token by token.
//
// This grammar takes more than the language does: a new line is white space here. So an editor goes on colouring while a
// line is half typed, and `bnnc lsp` says what is wrong with it. No layer, prior or likelihood is listed: a new one needs
// no change here.

const PRECEDENCE = { sum: 1, product: 2, minus: 3, power: 4 };

/// `rule, rule,`: none, one or several, the last comma being optional.
const commas = rule => optional(seq(rule, repeat(seq(',', rule)), optional(',')));

/// `{ … }` with one thing a line, or commas between them.
const braces = rule => seq('{', repeat(seq(rule, optional(','))), '}');

module.exports = grammar({
  name: 'bnn',

  word: $ => $._identifier,

  extras: $ => [/\s/, $.comment],

  supertypes: $ => [$.item, $.expression],

  rules: {
    source_file: $ => repeat($.item),

    item: $ => choice(
      $.model, $.constant, $.input, $.target, $.latent, $.default,
      $.block, $.network, $.observe, $.objective, $.inference,
    ),

    model: $ => seq('model', field('name', $.name)),
    constant: $ => seq('const', field('name', $.name), '=', field('value', $.expression)),
    input: $ => seq('input', field('name', $.name), ':', field('type', $.data_type)),
    target: $ => seq('target', field('name', $.name), ':', field('type', $.data_type)),
    latent: $ => seq('latent', field('name', $.name), '~', field('prior', $.distribution), repeat(seq(',', $.setting))),
    default: $ => seq('default', $.parameter_settings),
    block: $ => seq('block', field('name', $.name), optional($.block_parameters), $.steps),
    block_parameters: $ => seq('(', commas($.block_parameter), ')'),
    block_parameter: $ => seq(field('name', $.name), optional(seq('=', field('value', $.expression)))),
    network: $ => seq('network', $.steps),
    observe: $ => seq('observe', field('name', $.name), '~', field('likelihood', $.distribution)),
    objective: $ => seq('objective', field('name', $.name), optional($.settings)),
    inference: $ => seq('inference', field('name', $.name), optional($.arguments), optional($.settings)),

    distribution: $ => seq(field('name', $.distribution_name), optional($.arguments)),
    data_type: $ => seq(field('name', $.type_name), optional(seq($.axes, optional($.axes)))),
    axes: $ => seq('[', commas($.argument), ']'),

    // Layers.

    steps: $ => braces($.step),
    step: $ => seq(
      optional(seq(field('name', $.name), '=')),
      choice($.repeat, $.residual, $.concat, $.reuse, $.layer),
    ),
    layer: $ => choice(
      seq(field('name', $.layer_name), optional($.arguments), optional($.on), optional($.parameter_settings)),
      // `concat` without branches is the layer.
      seq(field('name', alias('concat', $.layer_name)), optional($.on)),
    ),
    on: $ => seq('on', choice($.name, seq('(', commas($.name), ')'))),
    reuse: $ => seq('reuse', field('layer', $.name), optional($.on)),
    residual: $ => seq('residual', optional($.arguments), optional($.on), $.steps),
    concat: $ => seq('concat', optional($.on), $.branches),
    branches: $ => braces($.steps),
    repeat: $ => seq('repeat', field('times', $.expression), optional($.on), $.steps),

    // Settings.

    settings: $ => braces($.setting),
    parameter_settings: $ => braces($.entry),
    entry: $ => seq(optional(seq(field('parameter', $.name), ':')), $.setting),
    setting: $ => seq(field('name', $.setting_name), '=', field('value', choice($.expression, $.string))),

    // Expressions.

    expression: $ => choice($.number, $.list, $.parenthesised, $.call, $.indexed, $.minus, $.arithmetic),
    parenthesised: $ => seq('(', $.expression, ')'),
    list: $ => seq('[', commas($.expression), ']'),
    call: $ => seq(field('name', $.name), optional($.arguments)),
    indexed: $ => seq(choice($.number, $.list, $.parenthesised, $.call, $.indexed), $.index),
    index: $ => seq('[', choice(
      $.expression,
      seq(optional($.expression), ':', optional($.expression)),
    ), ']'),
    minus: $ => prec(PRECEDENCE.minus, seq('-', $.expression)),
    arithmetic: $ => choice(...[
      ['+', PRECEDENCE.sum], ['-', PRECEDENCE.sum], ['*', PRECEDENCE.product], ['/', PRECEDENCE.product],
    ].map(([operator, precedence]) => prec.left(precedence, seq(field('left', $.expression), operator, field('right', $.expression)))),
    prec.right(PRECEDENCE.power, seq(field('left', $.expression), '^', field('right', $.expression)))),
    arguments: $ => seq('(', commas($.argument), ')'),
    argument: $ => seq(optional(seq(field('name', $.name), '=')), field('value', $.expression)),

    // Tokens.

    name: $ => $._identifier,
    layer_name: $ => $._identifier,
    type_name: $ => $._identifier,
    distribution_name: $ => $._identifier,
    setting_name: $ => $._identifier,
    _identifier: _ => /[A-Za-z_][A-Za-z0-9_]*/,
    number: _ => /(\d[\d_]*(\.(\d[\d_]*)?)?|\.\d[\d_]*)([eE][+-]?\d[\d_]*)?/,
    string: _ => /"[^"\r\n]*"/,
    comment: _ => token(/#[^\r\n]*/),
  },
});
