/**
 * Writes `schemas/`: JSON Schemas of what commands print, generated from the types of `src/model/`, and of `redress.yaml`,
 * from the schema that reads it. `test/schemas.test.ts` fails when they are not current.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { z } from "zod";
import { configurationSchema } from "../src/cli/configuration/schema.ts";

type Schema = Record<string, unknown>;

/** The nouns that are printed, by schema name. */
const published: Readonly<Record<string, string>> = { scan: "Scan", plan: "Plan", run: "Run" };

const repository = path.join(import.meta.dirname, "..");

/** Every schema as `[file name, text]`. */
export function makeSchemas(): [string, string][] {
  const entry = path.join(repository, "src", "model", "index.ts");
  const program = ts.createProgram([entry], {
    strict: true,
    exactOptionalPropertyTypes: true,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2024,
    allowImportingTsExtensions: true,
    noEmit: true,
    types: [],
  });
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(entry);
  const module = file === undefined ? undefined : checker.getSymbolAtLocation(file);
  if (module === undefined) throw new Error(`cannot read ${entry}`);
  const exported = new Map(checker.getExportsOfModule(module).map((symbol) => [symbol.name, symbol]));
  const made = Object.entries(published).map(([name, noun]): [string, string] => {
    const symbol = exported.get(noun);
    if (symbol === undefined) throw new Error(`the model has no ${noun}`);
    const definitions: Record<string, Schema> = {};
    const writer = new SchemaWriter(checker, definitions);
    const root = writer.ofType(checker.getDeclaredTypeOfSymbol(symbol));
    return [`${name}.schema.json`, print({ title: noun, ...root, $defs: definitions })];
  });
  return [...made, ["redress.yaml.schema.json", print(z.toJSONSchema(configurationSchema))]];
}

const print = (schema: Schema): string =>
  `${JSON.stringify({ $schema: "https://json-schema.org/draft/2020-12/schema", ...schema }, null, 2)}\n`;

/** Turns the model's types into schemas; interfaces become definitions. */
class SchemaWriter {
  private readonly checker: ts.TypeChecker;
  private readonly definitions: Record<string, Schema>;

  constructor(checker: ts.TypeChecker, definitions: Record<string, Schema>) {
    this.checker = checker;
    this.definitions = definitions;
  }

  ofType(type: ts.Type): Schema {
    if (type.isUnion()) return this.ofUnion(type);
    if (type.isStringLiteral() || type.isNumberLiteral()) return { const: type.value };
    if ((type.flags & ts.TypeFlags.BooleanLiteral) !== 0)
      return { const: this.checker.typeToString(type) === "true" };
    if ((type.flags & ts.TypeFlags.String) !== 0) return { type: "string" };
    if ((type.flags & ts.TypeFlags.Number) !== 0) return { type: "number" };
    if ((type.flags & ts.TypeFlags.Boolean) !== 0) return { type: "boolean" };
    if ((type.flags & ts.TypeFlags.Null) !== 0) return { type: "null" };
    if ((type.flags & ts.TypeFlags.Unknown) !== 0) return {};
    if (this.checker.isArrayType(type)) {
      const [item] = this.checker.getTypeArguments(type as ts.TypeReference);
      return { type: "array", items: item === undefined ? {} : this.ofType(item) };
    }
    // An intersection of objects has no name of its own.
    if (type.isIntersection()) return this.ofObject(type);
    const name = type.symbol.name;
    if (!type.isClassOrInterface() || name === "__type") return this.ofObject(type);
    if (!Object.hasOwn(this.definitions, name)) {
      this.definitions[name] = {};
      this.definitions[name] = this.ofObject(type);
    }
    return { $ref: `#/$defs/${name}` };
  }

  private ofUnion(type: ts.UnionType): Schema {
    const parts = type.types.filter((part) => (part.flags & ts.TypeFlags.Undefined) === 0);
    const literals = parts.flatMap((part) =>
      part.isStringLiteral() || part.isNumberLiteral() ? [part.value] : [],
    );
    if (literals.length === parts.length) return { enum: literals };
    if (parts.every((part) => (part.flags & ts.TypeFlags.BooleanLiteral) !== 0)) return { type: "boolean" };
    const others = parts
      .filter((part) => !part.isStringLiteral() && !part.isNumberLiteral())
      .map((part) => this.ofType(part));
    const all = literals.length > 0 ? [{ enum: literals }, ...others] : others;
    return all.length === 1 ? (all[0] ?? {}) : { anyOf: all };
  }

  private ofObject(type: ts.Type): Schema {
    const index = this.checker.getIndexTypeOfType(type, ts.IndexKind.String);
    if (index !== undefined) return { type: "object", additionalProperties: this.ofType(index) };
    const properties = this.checker.getPropertiesOfType(type);
    return {
      type: "object",
      properties: Object.fromEntries(
        properties.map((property) => {
          const description = ts.displayPartsToString(property.getDocumentationComment(this.checker));
          const schema = this.ofType(this.checker.getTypeOfSymbol(property));
          return [property.name, description === "" ? schema : { ...schema, description }];
        }),
      ),
      required: properties
        .filter((property) => (property.flags & ts.SymbolFlags.Optional) === 0)
        .map((property) => property.name),
    };
  }
}

if (import.meta.main) {
  mkdirSync(path.join(repository, "schemas"), { recursive: true });
  for (const [name, text] of makeSchemas()) writeFileSync(path.join(repository, "schemas", name), text);
}
