; Colours. A capitalised call is a distribution, whatever its name; one in small letters is a function.
; Later patterns win where several match.

(comment) @comment
(number) @number
(string) @string

["model" "const" "input" "target" "latent" "default" "block" "network" "observe" "objective" "inference"] @keyword
["repeat" "residual" "concat" "reuse" "on"] @keyword

["=" "~" "+" "-" "*" "/" "^"] @operator
["{" "}" "(" ")" "[" "]"] @punctuation.bracket
["," ":"] @punctuation.delimiter

(name) @variable
(layer_name) @function
(type_name) @type
(distribution_name) @constructor
(setting_name) @property

(call name: (name) @constant)
(call name: (name) @function (arguments))
(call name: (name) @constructor (#match? @constructor "^[A-Z]"))

(argument name: (name) @variable.parameter)
(block_parameter name: (name) @variable.parameter)
(entry parameter: (name) @label)
(block name: (name) @function)
(model name: (name) @module)
(objective name: (name) @module)
(inference name: (name) @module)
