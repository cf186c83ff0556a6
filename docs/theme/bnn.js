// Colours for model files: ```bnn blocks.
(function () {
    "use strict";
    if (typeof hljs === "undefined") {
        return;
    }
    hljs.registerLanguage("bnn", function (hljs) {
        return {
            keywords: {
                keyword:
                    "model const input target latent default network observe objective inference block repeat " +
                    "residual reuse on shortcut",
                built_in: "real category binary count elbo map",
                literal: "none deterministic same valid true false pi fan_in fan_out"
            },
            contains: [
                hljs.COMMENT("#", "$"),
                hljs.QUOTE_STRING_MODE,
                { className: "number", begin: /\b\d[\d_]*(\.\d+)?([eE][-+]?\d+)?\b/ },
                // A distribution begins with a capital, a layer with a small letter before a bracket.
                { className: "type", begin: /\b[A-Z][A-Za-z0-9]*\b/ },
                { className: "title", begin: /\b[a-z][a-z0-9_]*(?=\()/ },
                { className: "attr", begin: /\b(prior|posterior|estimator|bias|kernel)\b(?=\s*[=:])/ }
            ]
        };
    });
    var highlight = hljs.highlightElement || hljs.highlightBlock;
    document.querySelectorAll("code.language-bnn").forEach(function (block) {
        block.classList.remove("hljs");
        delete block.dataset.highlighted;
        highlight(block);
    });
})();
