// Reads an AsyncAPI document with AsyncAPI's own parser and prints what it finds, one JSON line.
import { Parser, fromFile } from "@asyncapi/parser";

const parser = new Parser();
const { document, diagnostics } = await fromFile(parser, process.argv[2]).parse();
const bad = diagnostics.filter((each) => each.severity === 0);
const report = {
  version: document?.version() ?? null,
  channels: document?.channels().all().map((each) => each.address()).sort() ?? [],
  operations: document?.operations().all().length ?? 0,
  messages: document?.messages().all().map((each) => each.name()).sort() ?? [],
  fields: Object.fromEntries(
    document?.messages().all().map((each) => [each.name(), Object.keys(each.payload()?.json()?.properties ?? {}).length]) ?? [],
  ),
  errors: bad.map((each) => `${each.path.join(".")}: ${each.message}`),
  warnings: diagnostics.filter((each) => each.severity === 1).map((each) => `${each.path.join(".")}: ${each.message}`),
};
console.log(JSON.stringify(report));
