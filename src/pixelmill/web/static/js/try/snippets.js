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

/**
 * What there is to copy, and what is told of a text, with code in backticks.
 *
 * @type {{id: string, name: string, note: (text: string) => string, write: (given: Given) => string}[]}
 */
export const SNIPPETS = [
  { id: "curl", name: "curl", note: () => "Run it where the picture lies.", write: curl },
  { id: "python", name: "Python", note: () => "In this process; the fleet gives the same bytes.", write: python },
  {
    id: "url",
    name: "URL",
    note: noteOfUrl,
    write: url,
  },
  {
    id: "json",
    name: "JSON",
    note: () => "For `POST /v1/process`, and `Pipeline.from_json`.",
    write: ({ pipeline }) => JSON.stringify(pipeline, null, 2),
  },
  {
    id: "text",
    name: "Text",
    note: () => "The compact form, for the command line: `pixelmill run -p`.",
    write: ({ pipeline, schema }) => toText(pipeline, schema),
  },
];

/** What a shell takes as one argument, and every proxy as an address; a pipeline with a logo is longer. */
const LONGEST_ARGUMENT = 100_000;
const LONGEST_ADDRESS = 8000;
const STRING_OR_BAR = /"(?:[^"\\]|\\.)*"|\s*\|\s*/g;

function curl({ pipeline, schema, file, type, origin, locked }) {
  const text = toText(pipeline, schema) || "source";
  const isLong = text.length > LONGEST_ARGUMENT;
  const several = Boolean(pipeline.renditions?.length);
  const field = isLong ? "-F 'pipeline=<-'" : `--form-string ${shell(`pipeline=${text}`)}`;
  const lines = [
    `curl --fail-with-body -sS ${shell(`${origin}/v1/process`)}`,
    several && '-H "Accept: application/json"',
    locked && '-H "Authorization: Bearer $PIXELMILL_TOKEN"',
    `-F ${shell(`image=@"${file.replaceAll(/["\\]/g, "\\$&")}"`)}`,
    field,
    `-o ${shell(several ? "renditions.json" : savedAs(file, type, pipeline.output))}`,
  ];
  return lines.filter(Boolean).join(" \\\n  ") + (isLong ? ` <<'END'\n${text}\nEND` : "");
}

function python({ pipeline, schema, file, type, grpc }) {
  const several = Boolean(pipeline.renditions?.length);
  const save = several
    ? [
        `for name, made in result.renditions.items():`,
        `    pathlib.Path(f"{name}.{made.info.format}").write_bytes(made.data)`,
      ]
    : [`pathlib.Path(${literal(savedAs(file, type, pipeline.output))}).write_bytes(result.data)`];
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

/** One address for each picture: stages are apart by semicolons there. What is too long for one is to be a preset. */
function url({ pipeline, schema, file, origin }) {
  const ends = pipeline.renditions?.length ? pipeline.renditions : [{ operations: [], output: pipeline.output }];
  const address = ({ name, operations, output }) => {
    const text = toText({ operations: [...pipeline.operations, ...operations], output }, schema) || "source";
    const apart = text.replaceAll(STRING_OR_BAR, (found) => (found.startsWith('"') ? found : ";"));
    const segment = plain(apart);
    const stages = segment.length > LONGEST_ADDRESS ? `preset:${name || "NAME"}` : segment;
    return `${origin}/i/unsafe/${stages}/ROOT/${plain(file)}`;
  };
  return ends.map(address).join("\n");
}

function noteOfUrl(text) {
  const notes = [
    "For `<img>`: the orchestrator makes the picture when the address is opened.",
    "`ROOT` stands for the name of a folder of sources, as in `PIXELMILL_SOURCE_ROOTS=ROOT=/my/pictures`.",
    "`unsafe` works where `PIXELMILL_URL_UNSAFE=true`; elsewhere `pixelmill sign` puts a signature in its place.",
  ];
  const long = "`preset:NAME` stands for a pipeline of the configuration file, `PIXELMILL_CONFIG`: this one is too long.";
  return [...notes, text.includes("/unsafe/preset:") && long].filter(Boolean).join(" ");
}

/** Percent-encoded, but for what a path may hold and people read. */
const plain = (text) => encodeURIComponent(text).replaceAll(/%(?:3A|2C|3D|3B)/g, decodeURIComponent);

/** The name for the result: never that of the picture itself, which lies in the same folder. */
function savedAs(file, type, { format = "source" } = {}) {
  const own = type.replace("image/", "") || file.split(".").pop();
  const name = fileName(file, { name: "", format: format === "source" ? own : format === "auto" ? "webp" : format });
  return name === file ? name.replace(/(?=\.[^.]*$)/, "-made") : name;
}

/** Quoted for a POSIX shell. */
const shell = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

/** A string of Python: JSON's are, but for those beyond the basic plane, which it does not escape either. */
const literal = (text) => JSON.stringify(text);
