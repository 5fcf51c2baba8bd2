// Reads {"parser": FOLDER, "tables": {NAME: "(column: type, ...)"}, "queries": {NAME: TEXT}} from
// standard input, and prints {NAME: {"faults": [{"line", "code", "severity", "message"}, ...],
// "texts": [...]}}, where texts are the values of the string literals, in order.
"use strict";

const { readFileSync } = require("node:fs");
const { join } = require("node:path");

const { parser, tables, queries } = JSON.parse(readFileSync(0, "utf8"));
require(join(parser, "bridge.min.js"));
require(join(parser, "Kusto.Language.Bridge.min.js"));

const { Language } = Kusto;
const { DatabaseSymbol, TableSymbol } = Language.Symbols;

const declared = Object.entries(tables).map(([name, schema]) =>
  TableSymbol.From(schema).WithName(name),
);
const globals = Language.GlobalState.Default.WithDatabase(
  new DatabaseSymbol.ctor("workspace", declared),
);

function faults(code, text) {
  const found = code.GetDiagnostics();
  const count = System.Array.getCount(found, Language.Diagnostic);
  return Array.from({ length: count }, (_, at) => {
    const it = System.Array.getItem(found, at, Language.Diagnostic);
    const line = text.slice(0, it.Start).split("\n").length;
    return { line, code: it.Code, severity: it.Severity, message: it.Message };
  });
}

function texts(code) {
  const { SyntaxElement, SyntaxKind } = Language.Syntax;
  const found = [];
  SyntaxElement.WalkNodes(code.Syntax, (node) => {
    if (node.Kind === SyntaxKind.StringLiteralExpression) found.push(node.LiteralValue);
  });
  return found;
}

const answers = Object.entries(queries).map(([name, text]) => {
  const code = Language.KustoCode.ParseAndAnalyze(text, globals);
  return [name, { faults: faults(code, text), texts: texts(code) }];
});
process.stdout.write(JSON.stringify(Object.fromEntries(answers)));
