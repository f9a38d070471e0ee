// sharp in a long-lived process: it is sent jobs as lines of JSON and answers each with the CPU time that it took.
// node sharp.mjs FOLDER, where FOLDER holds node_modules.

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const sharp = createRequire(process.argv[2] + "/")("sharp");
const [renditions, text] = [JSON.parse(process.argv[3]), process.argv[4]];
sharp.concurrency(1);
sharp.cache(false);

const sepia = [
  [0.393, 0.769, 0.189],
  [0.349, 0.686, 0.168],
  [0.272, 0.534, 0.131],
];
const svg = Buffer.from(
  `<svg xmlns="http://www.w3.org/2000/svg" width="240" height="60"><text x="224" y="44" text-anchor="end" ` +
    `font-family="sans-serif" font-size="36" fill="#fff" fill-opacity="0.7">${text}</text></svg>`,
);
const filtered = (image, sigma) =>
  image.blur(sigma).sharpen().recomb(sepia).composite([{ input: svg, gravity: "southeast" }]);
const jpeg = { quality: 85 };

const jobs = {
  A: (data) => [sharp(data).resize(1280).jpeg(jpeg)],
  B: (data) => [filtered(sharp(data).resize(1280), 2).jpeg(jpeg)],
  C: (data) => [sharp(data).resize(1280, 720, { fit: "inside" }).png()],
  D: (data) => [filtered(sharp(data).resize(1280, 720, { fit: "inside" }), 20).png()],
  "E webp": (data) => [sharp(data).resize(1280).webp({ quality: 80 })],
  "E avif": (data) => [sharp(data).resize(1280).avif({ quality: 60 })],
  F: (data) => renditions.map((width) => sharp(data).resize(width).jpeg(jpeg)),
};

const say = (reply) => process.stdout.write(JSON.stringify(reply) + "\n");
const sources = new Map();

async function answer({ job, picture, save, only_load }) {
  if (!sources.has(picture)) sources.set(picture, readFileSync(picture));
  if (only_load) return {};
  const before = process.cpuUsage();
  const files = [];
  for (const image of jobs[job](sources.get(picture))) files.push(await image.toBuffer());
  const { user, system } = process.cpuUsage(before);
  if (save) writeFileSync(save, files[0]);
  return { cpu_ms: (user + system) / 1000, bytes: files.reduce((sum, file) => sum + file.length, 0) };
}

say({ version: `${sharp.versions.sharp}, libvips ${sharp.versions.vips}`, jobs: Object.keys(jobs) });
for await (const line of createInterface({ input: process.stdin })) {
  try {
    say(await answer(JSON.parse(line)));
  } catch (error) {
    say({ error: String(error) });
  }
}
