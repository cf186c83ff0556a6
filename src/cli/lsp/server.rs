//! The files that are open, and an answer to each request.

use super::document::Document;
use super::position::{Encoding, word_at};
use super::publish::{Pages, diagnostics, path_of};
use super::{complete, edits, hover, outline, tokens};
use lsp_server::{Connection, ErrorCode, Message, Notification, ProtocolError, Request, Response};
use lsp_types::{
    CodeActionOrCommand, CodeActionParams, CompletionResponse, DidChangeTextDocumentParams,
    DidCloseTextDocumentParams, DidOpenTextDocumentParams, DidSaveTextDocumentParams,
    DocumentHighlight, DocumentSymbolResponse, GotoDefinitionResponse, Hover, HoverContents,
    InlayHintParams, Location, MarkupContent, MarkupKind, PrepareRenameResponse,
    PublishDiagnosticsParams, ReferenceParams, RenameParams, SemanticTokens,
    TextDocumentIdentifier, TextDocumentPositionParams, Uri,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, to_value};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Why a request has no answer.
type Failed = (ErrorCode, String);

/// The server: the files that are open.
pub(super) struct Server<'a> {
    connection: &'a Connection,
    encoding: Encoding,
    documents: BTreeMap<Uri, Document>,
    /// Files whose text was changed and not checked since.
    changed: Vec<Uri>,
    pages: Pages,
}

impl<'a> Server<'a> {
    /// Without files.
    pub fn new(connection: &'a Connection, encoding: Encoding) -> Server<'a> {
        Server {
            connection,
            encoding,
            documents: BTreeMap::new(),
            changed: vec![],
            pages: Pages::new(),
        }
    }

    /// Answers until the editor says that it ends.
    pub fn run(&mut self) -> Result<(), ProtocolError> {
        loop {
            // A text that is followed by another at once is not worth a check.
            if self.connection.receiver.is_empty() {
                self.check();
            }
            let Ok(message) = self.connection.receiver.recv() else {
                return Ok(());
            };
            match message {
                Message::Request(request) => {
                    if self.connection.handle_shutdown(&request)? {
                        return Ok(());
                    }
                    self.check();
                    let response = self.answer(request);
                    self.send(response.into());
                }
                Message::Notification(notification) => {
                    let name = notification.method.clone();
                    let done = catch_unwind(AssertUnwindSafe(|| self.take(notification)));
                    if done.is_err() {
                        crate::cli::terminal::err(&format!("{name} failed\n"));
                    }
                }
                Message::Response(_) => {}
            }
        }
    }

    fn send(&self, message: Message) {
        // A closed pipe has no reader; the next read ends the server.
        let _ = self.connection.sender.send(message);
    }

    /// Checks the texts that were changed, and publishes what is wrong with them.
    fn check(&mut self) {
        for uri in std::mem::take(&mut self.changed) {
            if let Some(document) = self.documents.get_mut(&uri) {
                // The message of a panic is on standard error; the server goes on.
                let _ = catch_unwind(AssertUnwindSafe(|| document.check()));
            }
            self.publish(&uri);
        }
    }

    fn publish(&self, uri: &Uri) {
        let document = self.documents.get(uri);
        let params = PublishDiagnosticsParams {
            uri: uri.clone(),
            diagnostics: document.map_or(vec![], |one| diagnostics(one, uri, &self.pages)),
            version: document.map(|document| document.version),
        };
        let method = "textDocument/publishDiagnostics".into();
        self.send(Notification::new(method, params).into());
    }

    fn take(&mut self, notification: Notification) {
        let Notification { method, params } = notification;
        match method.as_str() {
            "textDocument/didOpen" => {
                let Ok(DidOpenTextDocumentParams { text_document: of }) = read(params) else {
                    return;
                };
                let path = path_of(&of.uri);
                let document = Document::open(path, of.version, of.text, self.encoding);
                self.documents.insert(of.uri.clone(), document);
                self.publish(&of.uri);
            }
            "textDocument/didChange" => {
                let Ok(changes) = read(params) else { return };
                self.change(changes);
            }
            "textDocument/didSave" => {
                let Ok(DidSaveTextDocumentParams { text_document, .. }) = read(params) else {
                    return;
                };
                if let Some(document) = self.documents.get_mut(&text_document.uri) {
                    document.read_run();
                    self.changed.retain(|uri| *uri != text_document.uri);
                    self.publish(&text_document.uri);
                }
            }
            "textDocument/didClose" => {
                let Ok(DidCloseTextDocumentParams { text_document: of }) = read(params) else {
                    return;
                };
                self.documents.remove(&of.uri);
                self.publish(&of.uri);
            }
            _ => {}
        }
    }

    fn change(&mut self, changes: DidChangeTextDocumentParams) {
        let uri = changes.text_document.uri;
        let version = changes.text_document.version;
        let Some(document) = self.documents.get_mut(&uri) else {
            return;
        };
        for change in changes.content_changes {
            let text = match change.range {
                None => change.text,
                Some(range) => {
                    let span = document.lines.span(&document.text, range);
                    let (before, after) =
                        (&document.text[..span.start], &document.text[span.end..]);
                    [before, &change.text, after].concat()
                }
            };
            document.change(version, text);
        }
        if !self.changed.contains(&uri) {
            self.changed.push(uri);
        }
    }

    fn answer(&self, request: Request) -> Response {
        let Request { id, method, params } = request;
        let answer = catch_unwind(AssertUnwindSafe(|| self.result(&method, params)));
        let answer = answer.unwrap_or_else(|_| {
            let why = format!("{method} failed: this is a bug of bnnc");
            Err((ErrorCode::InternalError, why))
        });
        match answer {
            Ok(value) => Response::new_ok(id, value),
            Err((code, why)) => Response::new_err(id, code as i32, why),
        }
    }

    fn result(&self, method: &str, params: Value) -> Result<Value, Failed> {
        match method {
            "textDocument/hover" => self.at(params, |document, offset, _| {
                let (value, span) = hover::hover(document, offset)?;
                Some(Hover {
                    contents: HoverContents::Markup(MarkupContent {
                        kind: MarkupKind::Markdown,
                        value,
                    }),
                    range: Some(document.lines.range(&document.text, span)),
                })
            }),
            "textDocument/completion" => self.at(params, |document, offset, _| {
                Some(CompletionResponse::Array(complete::complete(
                    document, offset,
                )))
            }),
            "textDocument/signatureHelp" => self.at(params, |document, offset, _| {
                complete::signature_help(document, offset)
            }),
            "textDocument/definition" => self.at(params, |document, offset, uri| {
                let span = edits::definition(document, offset)?;
                let range = document.lines.range(&document.text, span);
                Some(GotoDefinitionResponse::Scalar(Location::new(
                    uri.clone(),
                    range,
                )))
            }),
            "textDocument/documentHighlight" => self.at(params, |document, offset, _| {
                let places = edits::name_at(document, offset)?.1.into_iter();
                let highlights = places.map(|place| DocumentHighlight {
                    range: document.lines.range(&document.text, place),
                    kind: None,
                });
                Some(highlights.collect::<Vec<_>>())
            }),
            "textDocument/references" => {
                let with_declaration = read::<ReferenceParams>(params.clone())?
                    .context
                    .include_declaration;
                self.at(params, |document, offset, uri| {
                    let (_, places) = edits::name_at(document, offset)?;
                    let declared = edits::definition(document, offset);
                    let places = places.into_iter();
                    let places =
                        places.filter(|place| with_declaration || Some(*place) != declared);
                    let locations = places.map(|place| {
                        Location::new(uri.clone(), document.lines.range(&document.text, place))
                    });
                    Some(locations.collect::<Vec<_>>())
                })
            }
            "textDocument/prepareRename" => self.at(params, |document, offset, _| {
                let (name, places) = edits::name_at(document, offset)?;
                let word = word_at(&document.text, offset);
                places.contains(&word).then_some(())?;
                Some(PrepareRenameResponse::RangeWithPlaceholder {
                    range: document.lines.range(&document.text, word),
                    placeholder: name.text.clone(),
                })
            }),
            "textDocument/rename" => {
                let RenameParams {
                    text_document_position: at,
                    new_name,
                    ..
                } = read(params)?;
                let document = self.document(&at.text_document)?;
                let offset = document.lines.offset(&document.text, at.position);
                let edits = edits::rename(document, offset, &new_name)
                    .map_err(|why| (ErrorCode::InvalidParams, why))?;
                written(Some(edits::of_file(&at.text_document.uri, edits)))
            }
            "textDocument/formatting" => self.of(params, |document, _| edits::formatted(document)),
            "textDocument/documentSymbol" => self.of(params, |document, _| {
                Some(DocumentSymbolResponse::Nested(outline::symbols(document)))
            }),
            "textDocument/foldingRange" => self.of(params, |document, _| {
                Some(outline::folds(&document.text, &document.lines))
            }),
            "textDocument/semanticTokens/full" => self.of(params, |document, _| {
                Some(SemanticTokens {
                    result_id: None,
                    data: tokens::tokens(&document.text, &document.lines),
                })
            }),
            "textDocument/inlayHint" => {
                let InlayHintParams { range, .. } = read(params.clone())?;
                self.of(params, |document, _| {
                    let span = document.lines.span(&document.text, range);
                    Some(outline::hints(document, span))
                })
            }
            "textDocument/codeAction" => {
                let CodeActionParams { range, context, .. } = read(params.clone())?;
                self.of(params, |document, uri| {
                    let span = document.lines.span(&document.text, range);
                    let found = edits::actions(document, uri, span, &context.diagnostics);
                    let found = found.into_iter().map(CodeActionOrCommand::CodeAction);
                    Some(found.collect::<Vec<_>>())
                })
            }
            _ => {
                let why = format!("`{method}` is not offered");
                Err((ErrorCode::MethodNotFound, why))
            }
        }
    }

    /// Answers a request about a place of a file.
    fn at<T: serde::Serialize>(
        &self,
        params: Value,
        answer: impl Fn(&Document, usize, &Uri) -> Option<T>,
    ) -> Result<Value, Failed> {
        let at: TextDocumentPositionParams = read(params)?;
        let document = self.document(&at.text_document)?;
        let offset = document.lines.offset(&document.text, at.position);
        written(answer(document, offset, &at.text_document.uri))
    }

    /// Answers a request about a file.
    fn of<T: serde::Serialize>(
        &self,
        params: Value,
        answer: impl Fn(&Document, &Uri) -> Option<T>,
    ) -> Result<Value, Failed> {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct OfFile {
            text_document: TextDocumentIdentifier,
        }
        let of: OfFile = read(params)?;
        let document = self.document(&of.text_document)?;
        written(answer(document, &of.text_document.uri))
    }

    fn document(&self, of: &TextDocumentIdentifier) -> Result<&Document, Failed> {
        self.documents.get(&of.uri).ok_or_else(|| {
            let why = format!("{} is not open", of.uri.as_str());
            (ErrorCode::InvalidParams, why)
        })
    }
}

fn read<T: DeserializeOwned>(params: Value) -> Result<T, Failed> {
    serde_json::from_value(params).map_err(|error| (ErrorCode::InvalidParams, error.to_string()))
}

fn written<T: serde::Serialize>(answer: Option<T>) -> Result<Value, Failed> {
    to_value(answer).map_err(|error| (ErrorCode::InternalError, error.to_string()))
}
