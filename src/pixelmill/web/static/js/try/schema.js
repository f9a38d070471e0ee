// Reads the API's JSON Schema of pipelines: what operations there are, and which field each parameter wants.

/**
 * @typedef {object} Parameter
 * @property {string} name
 * @property {"number" | "color" | "choice" | "place" | "switch" | "several" | "text" | "lines" | "file"} kind
 * @property {string} description
 * @property {unknown} preset its default; undefined where it must be given
 * @property {boolean} required
 * @property {boolean} optional may be unset (null)
 * @property {boolean} main shown at once, not under "more"
 * @property {number} [min]
 * @property {number} [max]
 * @property {boolean} [above] `min` itself is not allowed
 * @property {boolean} [whole]
 * @property {string[]} [choices]
 * @property {number} [longest]
 * @property {unknown} [example]
 * @property {string[]} [formats] of the output's parameters: only of these formats
 *
 * @typedef {object} Kind an operation, or the output
 * @property {string} name
 * @property {string} pool
 * @property {string} summary
 * @property {string} description
 * @property {string[]} positional
 * @property {Parameter[]} parameters
 */

export const PLACES = [
  ...["top-left", "top", "top-right"],
  ...["left", "center", "right"],
  ...["bottom-left", "bottom", "bottom-right"],
];
const LONG_TEXT = 300;

/**
 * @param {any} schema
 * @returns {{operations: Map<string, Kind>, output: Kind, most: number}} `most`: operations in a row
 */
export function readSchema(schema) {
  const { output, ...operations } = schema.$defs;
  return {
    operations: new Map(Object.entries(operations).map(([name, definition]) => [name, kindOf(name, definition)])),
    output: kindOf("output", output),
    most: schema.properties.operations.maxItems,
  };
}

/** The value for a new operation's required parameter. @param {Parameter} parameter */
export function firstValue(parameter) {
  if (parameter.example !== undefined) return parameter.example;
  const first = { number: parameter.min ?? 1, switch: false, choice: parameter.choices?.[0], place: "center" };
  return first[parameter.kind] ?? "";
}

function kindOf(name, definition) {
  const positional = definition["x-positional"] ?? [];
  const main = new Set([...(definition.required ?? []), ...positional.flatMap((one) => one.split("×"))]);
  const own = Object.entries(definition.properties).filter(([key]) => key !== "op");
  const few = own.length <= 4;
  const required = new Set(definition.required ?? []);
  const [summary] = (definition.description ?? "").split("\n\n");
  return {
    name,
    pool: definition["x-pool"] ?? "",
    summary: summary.replaceAll("\n", " ").replaceAll("`", ""),
    description: definition.description ?? "",
    positional,
    parameters: own.map(([key, property]) => parameterOf(key, property, required.has(key), few || main.has(key))),
  };
}

function parameterOf(name, property, required, main) {
  const options = (property.anyOf ?? [property]).filter((option) => option.type !== "null");
  const [only] = options;
  const text = options.find((option) => option.type === "string");
  const type = options.length === 1 ? { ...property, ...only } : (text ?? only);
  return {
    name,
    description: property.description ?? "",
    preset: property.default,
    required,
    optional: options.length < (property.anyOf?.length ?? 1),
    main,
    example: property.examples?.[0],
    formats: formatsIn(property.description ?? ""),
    ...kind(type, options.length > 1),
  };
}

function kind(type, several) {
  if (type.contentEncoding === "base64") return { kind: "file" };
  if (type.format === "color") return { kind: "color" };
  if (type.enum) {
    const isPlace = PLACES.every((place) => type.enum.includes(place));
    return { kind: isPlace ? "place" : "choice", choices: type.enum };
  }
  if (type.type === "boolean") return { kind: "switch" };
  if (type.type === "array") return { kind: "several", choices: type.items.enum ?? [] };
  if (type.type === "number" || type.type === "integer") {
    const above = type.exclusiveMinimum !== undefined;
    const min = type.exclusiveMinimum ?? type.minimum;
    return { kind: "number", min, max: type.maximum, above, whole: type.type === "integer" };
  }
  return { kind: several || type.maxLength > LONG_TEXT ? "lines" : "text", longest: type.maxLength };
}

/** "png and gif: …" is for these two only. */
function formatsIn(description) {
  const [, names] = /^([a-z]+(?:(?:, | and )[a-z]+)*): /.exec(description) ?? [];
  return names?.split(/, | and /);
}
