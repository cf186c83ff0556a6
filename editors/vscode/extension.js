// Starts `bnnc lsp` for model files, and says what to do where it does not start.
const { homedir } = require('node:os');
const vscode = require('vscode');
const { LanguageClient } = require('vscode-languageclient/node');

let client;

/** The program of the setting `bnnc.path`, `~` being the home folder. */
function program() {
  const path = vscode.workspace.getConfiguration('bnnc').get('path').trim() || 'bnnc';
  return path.startsWith('~/') ? homedir() + path.slice(1) : path;
}

async function start() {
  const command = program();
  client = new LanguageClient(
    'bnnc',
    'bnnc',
    { command, args: ['lsp'] },
    { documentSelector: [{ language: 'bnn' }] },
  );
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    const choice = await vscode.window.showErrorMessage(
      `bnnc: "${command} lsp" does not start (${error.message}). Colours work without it. ` +
        'Install bnnc so that it is on the PATH, or set bnnc.path to the program.',
      'Open the setting',
    );
    if (choice) await vscode.commands.executeCommand('workbench.action.openSettings', 'bnnc.path');
  }
}

async function stop() {
  const running = client;
  client = undefined;
  await running?.stop();
}

async function restart() {
  await stop();
  await start();
}

async function activate(context) {
  context.subscriptions.push(
    vscode.commands.registerCommand('bnnc.restart', restart),
    vscode.workspace.onDidChangeConfiguration(change => {
      if (change.affectsConfiguration('bnnc.path')) restart();
    }),
  );
  await start();
}

module.exports = { activate, deactivate: stop };
