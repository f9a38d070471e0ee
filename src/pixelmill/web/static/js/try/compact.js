// The compact text form of a pipeline, read and written as the Python package does it.
//
//   resize:1280x720 | blur:2 | text:"© me",position=top | webp:80
//   sepia | { small = resize:320x | webp; large = resize:1280x | avif:50 }

const BARE = /^[^|,=";{}\s:](?:[^|,=";{}]*[^|,=";{}\s])?$/;
const ESCAPES = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };
const ALIASES = { jpg: "jpeg", tif: "tiff" };

/** @typedef {ReturnType<typeof import("./schema.js").readSchema>} Schema */

/** Write a pipeline. @param {any} data @param {Schema} schema @returns {string} */
export function toText(data, schema) {
  const stages = (data.operations ?? []).map((step) => stage(step.op, step, schema.operations.get(step.op)));
  const output = outputStage(data.output ?? {}, schema);
  if (output) stages.push(output);
  if (data.renditions?.length) {
    const several = data.renditions.map((one) => `${one.name} = ${toText(one, schema)}`.trimEnd());
    stages.push(`{ ${several.join("; ")} }`);
  }
  return stages.join(" | ");
}

function outputStage(output, schema) {
  const { format = "source" } = output;
  const written = stage(format, output, schema.output);
  return written === "source" ? "" : written;
}

function stage(name, values, kind) {
  const presets = new Map(kind.parameters.map(({ name: key, preset }) => [key, preset]));
  const given = new Map();
  for (const key of presets.keys()) {
    const value = values[key];
    if (key === "format" || value === undefined || JSON.stringify(value) === JSON.stringify(presets.get(key))) continue;
    given.set(key, value);
  }
  const items = [];
  for (const place of kind.positional) {
    if (place.includes("×") && (given.has("width") || given.has("height"))) {
      items.push(`${given.get("width") ?? ""}x${given.get("height") ?? ""}`);
      given.delete("width");
      given.delete("height");
    } else if (given.has(place)) {
      items.push(written(given.get(place)));
      given.delete(place);
    } else break;
  }
  for (const [key, value] of given) items.push(`${key}=${written(value)}`);
  return items.length ? `${name}:${items.join(",")}` : name;
}

function written(value) {
  const text = Array.isArray(value) ? value.map(written).join(" ") : String(value);
  return BARE.test(text) && !/[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u.test(text) ? text : JSON.stringify(text);
}

/**
 * Read a pipeline.
 *
 * @param {string} text
 * @param {Schema} schema
 * @returns {any}
 * @throws {Error} it does not follow the grammar
 */
export function fromText(text, schema) {
  return new Reader(text, schema).pipeline();
}

class Reader {
  constructor(text, schema) {
    this.text = text;
    this.schema = schema;
    this.at = 0;
  }

  pipeline() {
    const { operations, output } = this.#stages();
    const renditions = [];
    if (this.#take("{")) {
      do {
        const name = this.#match(/[A-Za-z0-9][A-Za-z0-9_-]*/y, "the name of a rendition");
        if (!this.#take("=")) this.#refuse("= after the name of a rendition");
        renditions.push({ name, ...this.#stages() });
      } while (this.#take(";"));
      if (!this.#take("}")) this.#refuse("; or } after a rendition");
    }
    this.#skip();
    if (this.at < this.text.length) this.#refuse("| between two stages");
    return renditions.length ? { operations, renditions } : { operations, output };
  }

  #stages() {
    const operations = [];
    let output = {};
    while (!this.#next(/[{;}]|$/y)) {
      const spelled = this.#match(/[A-Za-z_][A-Za-z0-9_-]*/y, "the name of an operation or a format");
      const name = spelled.replaceAll("-", "_").toLowerCase();
      const kind = this.schema.operations.get(name);
      if (kind) operations.push({ op: name, ...this.#parameters(kind) });
      else output = { format: this.#format(name), ...this.#parameters(this.schema.output) };
      if (!this.#take("|")) break;
    }
    return { operations, output };
  }

  #format(name) {
    const format = ALIASES[name] ?? name;
    const known = this.schema.output.parameters.find((parameter) => parameter.name === "format")?.choices ?? [];
    if (!known.includes(format)) throw new Error(`expected the name of an operation or a format, got ${name}`);
    return format;
  }

  #parameters(kind) {
    const found = {};
    if (!this.#take(":")) return found;
    const places = kind.positional[Symbol.iterator]();
    do {
      const named = this.#next(/[A-Za-z_][A-Za-z0-9_]*(?=\s*=)/y);
      if (named) {
        this.#take("=");
        found[named] = typed(this.#value(), named, kind);
        continue;
      }
      const { value: place } = places.next();
      const value = this.#value();
      if (!place) throw new Error(`expected NAME=VALUE for another parameter of ${kind.name}, got ${value}`);
      Object.assign(found, place.includes("×") ? pair(value, kind.name) : { [place]: typed(value, place, kind) });
    } while (this.#take(","));
    return found;
  }

  #value() {
    const quoted = this.#next(/"(?:[^"\\]|\\[^])*"/y);
    if (quoted) return JSON.parse(quoted.replace(/[\n\r\t]/g, (mark) => ESCAPES[mark]));
    return this.#match(/[^|,=";{}\s:](?:[^|,=";{}]*[^|,=";{}\s])?/y, "a value");
  }

  #next(pattern) {
    this.#skip();
    pattern.lastIndex = this.at;
    const [found] = pattern.exec(this.text) ?? [null];
    if (found && !/^[{;}]$/.test(found)) this.at += found.length;
    return found === "" ? true : found;
  }

  #match(pattern, wanted) {
    return this.#next(pattern) || this.#refuse(wanted);
  }

  #take(mark) {
    this.#skip();
    const found = this.text.startsWith(mark, this.at);
    if (found) this.at += mark.length;
    return found;
  }

  #skip() {
    while (/\s/.test(this.text.charAt(this.at))) this.at += 1;
  }

  #refuse(wanted) {
    const found = this.text.slice(this.at, this.at + 30) || "the end";
    throw new Error(`expected ${wanted} at character ${this.at + 1}, got ${found}`);
  }
}

function pair(value, name) {
  const scale = /^([\d.]+)%$/.exec(value);
  if (scale) return { scale: Number(scale[1]) / 100 };
  const sides = /^(?:(\d*)x(\d*)|(\d+))$/.exec(value);
  if (!sides || value === "x") throw new Error(`expected WIDTHxHEIGHT, WIDTHx or xHEIGHT for ${name}, got ${value}`);
  const [, width, height, only] = sides;
  return { ...(width || only ? { width: Number(width || only) } : {}), ...(height ? { height: Number(height) } : {}) };
}

function typed(value, name, kind) {
  const parameter = kind.parameters.find((one) => one.name === name);
  if (!parameter) throw new Error(`expected a parameter of ${kind.name}, got ${name}`);
  if (parameter.kind === "number") return value.trim() !== "" && Number.isFinite(Number(value)) ? Number(value) : value;
  if (parameter.kind === "switch") return { true: true, false: false }[value] ?? value;
  if (parameter.kind === "several") return value.split(/[+\s]+/).filter(Boolean);
  return value;
}
