//! `bnnc lsp`: a language server for editors, over standard input and output.
//!
//! It is synchronous: a request is answered from the text as it is now. Messages are published once no more text waits
//! to be read. While the text is broken, hovers and hints are those of the last text that had a meaning, at the places
//! that were not edited since ([`document`]); completion looks at the text alone ([`place`]).

mod complete;
mod document;
mod edits;
mod hover;
mod names;
mod outline;
mod place;
mod position;
mod publish;
mod registries;
mod server;
#[cfg(test)]
mod tests;
mod tokens;

use crate::diagnostic::{Diagnostic, Result};
use clap::Args;
use lsp_server::Connection;
use lsp_types::{
    CodeActionKind, CodeActionOptions, CodeActionProviderCapability, CompletionOptions,
    FoldingRangeProviderCapability, HoverProviderCapability, InitializeParams, OneOf,
    PositionEncodingKind, RenameOptions, SemanticTokensFullOptions, SemanticTokensLegend,
    SemanticTokensOptions, SemanticTokensServerCapabilities, ServerCapabilities,
    SignatureHelpOptions, TextDocumentSyncCapability, TextDocumentSyncKind,
    TextDocumentSyncOptions, TextDocumentSyncSaveOptions,
};
use position::Encoding;
use serde_json::json;
use server::Server;
use std::error::Error;

/// The arguments of `bnnc lsp`.
#[derive(Debug, Args)]
pub struct LspArgs {
    /// Speak over standard input and output, as it does anyway: some editors say so
    #[arg(long)]
    stdio: bool,
}

/// Runs `bnnc lsp` until the editor ends it.
///
/// # Errors
///
/// `E0601` where the other end does not speak the protocol.
pub fn run(_: &LspArgs) -> Result<()> {
    serve().map_err(|error| {
        Diagnostic::error(
            "E0601",
            "the editor does not speak the language server's protocol",
        )
        .note(error.to_string())
        .help("an editor starts `bnnc lsp`: docs/editors.md says how each is set up")
        .into()
    })
}

fn serve() -> std::result::Result<(), Box<dyn Error + Send + Sync>> {
    let (connection, threads) = Connection::stdio();
    let (id, params) = connection.initialize_start()?;
    let params: InitializeParams = serde_json::from_value(params)?;
    let encoding = encoding(&params);
    let answer = json!({
        "capabilities": capabilities(encoding),
        "serverInfo": { "name": "bnnc", "version": env!("CARGO_PKG_VERSION") },
    });
    connection.initialize_finish(id, answer)?;
    Server::new(&connection, encoding).run()?;
    drop(connection);
    threads.join()?;
    Ok(())
}

/// Bytes where the editor offers them, as they need no counting; else UTF-16.
fn encoding(params: &InitializeParams) -> Encoding {
    let general = params.capabilities.general.as_ref();
    let offered = general.and_then(|general| general.position_encodings.as_ref());
    match offered.is_some_and(|offered| offered.contains(&PositionEncodingKind::UTF8)) {
        true => Encoding::Utf8,
        false => Encoding::Utf16,
    }
}

fn capabilities(encoding: Encoding) -> ServerCapabilities {
    let characters = |signs: &str| Some(signs.chars().map(String::from).collect());
    ServerCapabilities {
        position_encoding: Some(match encoding {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
        }),
        text_document_sync: Some(TextDocumentSyncCapability::Options(
            TextDocumentSyncOptions {
                open_close: Some(true),
                change: Some(TextDocumentSyncKind::INCREMENTAL),
                save: Some(TextDocumentSyncSaveOptions::Supported(true)),
                ..TextDocumentSyncOptions::default()
            },
        )),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        completion_provider: Some(CompletionOptions {
            trigger_characters: characters("(,=~:"),
            ..CompletionOptions::default()
        }),
        signature_help_provider: Some(SignatureHelpOptions {
            trigger_characters: characters("(,="),
            ..SignatureHelpOptions::default()
        }),
        definition_provider: Some(OneOf::Left(true)),
        references_provider: Some(OneOf::Left(true)),
        document_highlight_provider: Some(OneOf::Left(true)),
        document_symbol_provider: Some(OneOf::Left(true)),
        document_formatting_provider: Some(OneOf::Left(true)),
        folding_range_provider: Some(FoldingRangeProviderCapability::Simple(true)),
        inlay_hint_provider: Some(OneOf::Left(true)),
        rename_provider: Some(OneOf::Right(RenameOptions {
            prepare_provider: Some(true),
            work_done_progress_options: Default::default(),
        })),
        code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
            code_action_kinds: Some(vec![CodeActionKind::QUICKFIX]),
            ..CodeActionOptions::default()
        })),
        semantic_tokens_provider: Some(SemanticTokensServerCapabilities::SemanticTokensOptions(
            SemanticTokensOptions {
                legend: SemanticTokensLegend {
                    token_types: tokens::legend(),
                    token_modifiers: vec![],
                },
                full: Some(SemanticTokensFullOptions::Bool(true)),
                ..SemanticTokensOptions::default()
            },
        )),
        ..ServerCapabilities::default()
    }
}
