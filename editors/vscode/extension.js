// Starts `bnnc lsp` for model files, and says what to do where it does not start.
const { execFile } = require('node:child_process');
const { homedir } = require('node:os');
const { promisify } = require('node:util');
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
  try {
    await promisify(execFile)(command, ['--version']);
  } catch (error) {
    const why = error.code === 'ENOENT' ? 'there is no such program' : error.message;
    const choice = await vscode.window.showErrorMessage(
      `"${command}" does not start: ${why}. Model files have their colours without it, and no messages. ` +
        'Install bnnc so that it is on the PATH, or set bnnc.path to the program.',
      'Open the setting',
    );
    if (choice) await vscode.commands.executeCommand('workbench.action.openSettings', 'bnnc.path');
    return;
  }
  client = new LanguageClient(
    'bnnc',
    'bnnc',
    { command, args: ['lsp'] },
    { documentSelector: [{ language: 'bnn' }] },
  );
  await client.start();
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

function activate(context) {
  context.subscriptions.push(
    vscode.commands.registerCommand('bnnc.restart', restart),
    vscode.workspace.onDidChangeConfiguration(change => {
      if (change.affectsConfiguration('bnnc.path')) restart();
    }),
  );
  // Not awaited: a message that nobody answers would leave the extension starting.
  start();
}

module.exports = { activate, deactivate: stop };
