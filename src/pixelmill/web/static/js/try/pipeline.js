// The pipeline that is being built: plain data as the API takes it, and who wants to know of changes.

import { keep, kept } from "../shared/store.js";
import { firstValue } from "./schema.js";

/**
 * @typedef {{op: string, [parameter: string]: unknown}} Step
 * @typedef {{name?: string, operations: Step[], output: Record<string, any>}} Branch
 * @typedef {{operations: Step[], output: Record<string, any>, renditions: Branch[]}} Pipeline
 */

const KEY = "pipeline";
const FIRST_SIZE = { width: 800, height: 600 };
let lastId = 0;
/** @type {WeakMap<Step, {id: string, open: boolean}>} */
const faces = new WeakMap();

/** How a step is shown: its id, and whether its parameters are. @param {Step} step */
export function face(step) {
  let known = faces.get(step);
  if (!known) {
    lastId += 1;
    known = { id: `step-${lastId}`, open: false };
    faces.set(step, known);
  }
  return known;
}

export class Model {
  /** @param {ReturnType<typeof import("./schema.js").readSchema>} schema */
  constructor(schema) {
    this.schema = schema;
    /** @type {Pipeline} */
    this.pipeline = { operations: [], output: {}, renditions: [] };
    /** @type {Set<(reason: "values" | "steps") => void>} */
    this.listeners = new Set();
  }

  /** Take another pipeline. @param {any} data @throws {Error} it is none */
  load(data) {
    this.pipeline = checked(data, this.schema);
    this.changed("steps");
  }

  /** Take the one that was kept. Returns whether there is one. */
  loadKept() {
    try {
      this.load(kept(KEY, null));
      return true;
    } catch {
      return false;
    }
  }

  /**
   * Tell that something has changed: values, or which steps there are and in which order.
   *
   * @param {"values" | "steps"} reason
   */
  changed(reason) {
    if (!keep(KEY, this.data())) keep(KEY, undefined);
    for (const listener of this.listeners) listener(reason);
  }

  /** The pipeline as the API takes it. */
  data() {
    const { operations, output, renditions } = this.pipeline;
    return renditions.length ? { operations, renditions } : { operations, output };
  }

  /** The first step that wants a picture, such as a logo, and has none. @returns {Step | undefined} */
  wanting() {
    const { pipeline } = this;
    const steps = [pipeline, ...pipeline.renditions].flatMap(({ operations }) => operations);
    return steps.find((step) => this.filesOf(step).some(({ name, required }) => required && !step[name]));
  }

  /** The parameters of a step that are pictures. @param {Step} step */
  filesOf(step) {
    return (this.schema.operations.get(step.op)?.parameters ?? []).filter(({ kind }) => kind === "file");
  }

  /** A new step with what must be given. @param {string} op @returns {Step} */
  step(op) {
    const made = { op };
    for (const parameter of this.schema.operations.get(op)?.parameters ?? []) {
      const { name, required, optional, example } = parameter;
      // An operation of which nothing must be given may want one of several: its example says which.
      if (required || (optional && example !== undefined)) made[name] = firstValue(parameter);
    }
    if (this.schema.operations.get(op)?.positional.includes("width×height")) Object.assign(made, FIRST_SIZE);
    face(made).open = true;
    return made;
  }

  /** Make renditions of the one output, or one output of the only rendition. */
  branch() {
    const { pipeline } = this;
    const name = uniqueName("rendition", pipeline.renditions);
    const only = { name: "original", operations: [], output: pipeline.output };
    if (!pipeline.renditions.length) pipeline.renditions.push(only);
    pipeline.renditions.push({ name, operations: [], output: { ...pipeline.renditions[0].output } });
    pipeline.output = {};
    this.changed("steps");
  }

  /** Remove a rendition; the last one that is left becomes the output. @param {Branch} branch */
  prune(branch) {
    const { pipeline } = this;
    pipeline.renditions = pipeline.renditions.filter((other) => other !== branch);
    if (pipeline.renditions.length === 1) {
      const [last] = pipeline.renditions;
      const operations = [...pipeline.operations, ...last.operations];
      Object.assign(pipeline, { operations, output: last.output, renditions: [] });
    }
    this.changed("steps");
  }
}

function uniqueName(stem, branches) {
  const names = new Set(branches.map(({ name }) => name));
  let number = 2;
  while (names.has(`${stem}-${number}`)) number += 1;
  return `${stem}-${number}`;
}

/** The pipeline in `data`, whole and of one shape. @throws {Error} */
function checked(data, schema) {
  const isObject = data && typeof data === "object" && !Array.isArray(data);
  if (!isObject) throw new Error("expected an object with operations for the pipeline");
  const stray = Object.keys(data).find((key) => !["operations", "output", "renditions"].includes(key));
  if (stray) throw new Error(`expected operations, output or renditions in the pipeline, got ${stray}`);
  const branch = (one) => ({ name: String(one.name ?? ""), ...ends(one, schema) });
  const renditions = list(data.renditions, "renditions").map(branch);
  return { ...ends(data, schema), renditions };
}

function ends(data, schema) {
  const operations = list(data.operations, "operations").map((step) => {
    if (schema.operations.has(step?.op)) return structuredClone(step);
    throw new Error(`expected the name of an operation for op, got ${JSON.stringify(step?.op)}`);
  });
  const { output = {} } = data;
  return { operations, output: structuredClone(typeof output === "string" ? { format: output } : output) };
}

function list(value, name) {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new Error(`expected a list for ${name}`);
  return value;
}
