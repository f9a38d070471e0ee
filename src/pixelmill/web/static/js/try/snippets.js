// The pipeline as others take it: texts that run as they are, where the picture lies in the same folder.

import { toText } from "./compact.js";
import { fileName } from "./result.js";

/**
 * @typedef {object} Given
 * @property {any} pipeline
 * @property {any} schema
 * @property {string} file the picture's name
 * @property {string} type the picture's media type
 * @property {string} origin of this page
 * @property {string} grpc the orchestrator's `host:port`; empty where it is not known
 * @property {boolean} locked whether the API wants a token
 */

/** @type {{id: string, name: string, note: string, write: (given: Given) => string}[]} */
export const SNIPPETS = [
  { id: "curl", name: "curl", note: "Run it where the picture lies.", write: curl },
  { id: "python", name: "Python", note: "In this process; the fleet gives the same bytes.", write: python },
  { id: "url", name: "URL", note: "A picture on demand, for <img>. ROOT is one of PIXELMILL_SOURCE_ROOTS; pixelmill sign makes a signature, and unsafe works where PIXELMILL_URL_UNSAFE allows it.", write: url },
  { id: "json", name: "JSON", note: "For POST /v1/process, and Pipeline.from_json.", write: ({ pipeline }) => JSON.stringify(pipeline, null, 2) },
  { id: "text", name: "Text", note: "The compact form, for the command line: pixelmill run -p.", write: ({ pipeline, schema }) => toText(pipeline, schema) },
];

function curl({ pipeline, schema, file, type, origin, locked }) {
  const text = toText(pipeline, schema);
  const several = Boolean(pipeline.renditions?.length);
  const lines = [
    `curl --fail-with-body -sS ${shell(`${origin}/v1/process`)}`,
    several && '-H "Accept: application/json"',
    locked && '-H "Authorization: Bearer $PIXELMILL_TOKEN"',
    `-F ${shell(`image=@"${file.replaceAll(/["\\]/g, "\\$&")}"`)}`,
    text && `--form-string ${shell(`pipeline=${text}`)}`,
    `-o ${shell(several ? "renditions.json" : fileName(file, outputOf(pipeline.output, type)))}`,
  ];
  return lines.filter(Boolean).join(" \\\n  ");
}

function python({ pipeline, schema, file, type, grpc }) {
  const several = Boolean(pipeline.renditions?.length);
  const save = several
    ? [`for name, made in result.renditions.items():`, `    pathlib.Path(f"{name}.{made.info.format}").write_bytes(made.data)`]
    : [`pathlib.Path(${literal(fileName(file, outputOf(pipeline.output, type)))}).write_bytes(result.data)`];
  return [
    "import pathlib, pixelmill",
    "",
    `data = pathlib.Path(${literal(file)}).read_bytes()`,
    `pipeline = pixelmill.Pipeline.parse(${literal(toText(pipeline, schema))})`,
    "result = pixelmill.run(data, pipeline)",
    ...(grpc ? [`# or on the fleet: pixelmill.open_executor("grpc://${grpc}").run(data, pipeline)`] : []),
    ...save,
  ].join("\n");
}

/** One address for each picture: stages are apart by semicolons there. */
function url({ pipeline, schema, file, origin }) {
  const ends = pipeline.renditions?.length ? pipeline.renditions : [{ operations: [], output: pipeline.output }];
  const address = ({ operations, output }) => {
    const text = toText({ operations: [...pipeline.operations, ...operations], output }, schema) || "source";
    const segment = text.replaceAll(/"(?:[^"\\]|\\.)*"|\s*\|\s*/g, (found) => (found.startsWith('"') ? found : ";"));
    return `${origin}/i/unsafe/${plain(segment)}/ROOT/${plain(file)}`;
  };
  return ends.map(address).join("\n");
}

/** Percent-encoded, but for what a path may hold and people read. */
const plain = (text) => encodeURIComponent(text).replaceAll(/%(?:3A|2C|3D|3B)/g, decodeURIComponent);

function outputOf(output, type) {
  const format = output?.format ?? "source";
  const own = type.replace("image/", "");
  return { name: "", format: format === "source" ? own : format === "auto" ? "webp" : format };
}

/** Quoted for a POSIX shell. */
const shell = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

/** A string of Python: JSON's are, but for those beyond the basic plane, which it does not escape either. */
const literal = (text) => JSON.stringify(text);
