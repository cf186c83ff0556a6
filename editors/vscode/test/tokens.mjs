// Reads a JSON list of texts from standard input, and prints for each the list of its tokens, [start, end, scope], as
// VS Code's own engine reads them with the grammar of this extension. Places are in bytes; blanks are left out.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import oniguruma from 'vscode-oniguruma';
import textmate from 'vscode-textmate';

const wasm = createRequire(import.meta.url).resolve('vscode-oniguruma/release/onig.wasm');
await oniguruma.loadWASM(await readFile(wasm));
const path = new URL('../syntaxes/bnn.tmLanguage.json', import.meta.url);
const registry = new textmate.Registry({
  onigLib: Promise.resolve({
    createOnigScanner: patterns => new oniguruma.OnigScanner(patterns),
    createOnigString: text => new oniguruma.OnigString(text),
  }),
  loadGrammar: async () => textmate.parseRawGrammar(await readFile(path, 'utf8'), path.pathname),
});
const grammar = await registry.loadGrammar('source.bnn');

function tokens(text) {
  const found = [];
  let rules = textmate.INITIAL;
  let offset = 0;
  for (const line of text.split(/(?<=\n)/)) {
    const content = line.replace(/\r?\n$/, '');
    const result = grammar.tokenizeLine(content, rules);
    rules = result.ruleStack;
    for (const token of result.tokens) {
      const word = content.slice(token.startIndex, token.endIndex);
      if (word.replace(/\uFEFF/, '').trim() === '') continue;
      const start = offset + Buffer.byteLength(content.slice(0, token.startIndex));
      found.push([start, start + Buffer.byteLength(word), token.scopes.at(-1)]);
    }
    offset += Buffer.byteLength(line);
  }
  return found;
}

const texts = JSON.parse(await readFile('/dev/stdin', 'utf8'));
process.stdout.write(JSON.stringify(texts.map(tokens)));
