// Pictures that are drawn here, so that a first try needs no file: the same pixels every time.

const WIDTH = 1600;
const HEIGHT = 1067;

/**
 * @typedef {(context: CanvasRenderingContext2D) => void} Draw
 * @type {Record<string, {title: string, file: string, draw: Draw, type: string}>}
 */
export const SAMPLES = {
  hills: { title: "Hills", file: "hills.jpg", draw: hills, type: "image/jpeg" },
  chart: { title: "Test chart", file: "chart.png", draw: chart, type: "image/png" },
  shapes: { title: "Shapes with alpha", file: "shapes.png", draw: shapes, type: "image/png" },
};

/** Draw a sample. @param {string} name @returns {Promise<File>} */
export async function sample(name) {
  const { draw, file, type } = SAMPLES[name];
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: WIDTH, height: HEIGHT });
  draw(/** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")));
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, type, 0.92));
  return new File([blob], file, { type });
}

/** Numbers from 0 to 1 that look random, and are the same every time. Source: mulberry32, Tommy Ettinger, 2017. */
function noise(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const SKY = [[0, "#27406e"], [0.4, "#8c7fb0"], [0.68, "#f0a98a"], [1, "#ffe0b0"]];
/** Color, height of the foot, and how far it swings, px; the farthest first. */
const RIDGES = [
  ["#8d7fa6", 590, 70],
  ["#6a6c97", 660, 95],
  ["#47557f", 740, 90],
  ["#2b3f63", 830, 80],
  ["#182844", 925, 60],
];

function hills(context) {
  const sky = context.createLinearGradient(0, 0, 0, HEIGHT * 0.8);
  for (const [at, color] of SKY) sky.addColorStop(at, color);
  context.fillStyle = sky;
  context.fillRect(0, 0, WIDTH, HEIGHT);
  const random = noise(7);
  context.fillStyle = "#ffffff";
  for (let star = 0; star < 90; star += 1) {
    context.globalAlpha = random() * 0.7;
    context.fillRect(random() * WIDTH, random() ** 2 * HEIGHT * 0.34, 2, 2);
  }
  context.globalAlpha = 1;
  const glow = context.createRadialGradient(1090, 560, 20, 1090, 560, 420);
  glow.addColorStop(0, "rgba(255, 244, 214, 0.95)");
  glow.addColorStop(0.2, "rgba(255, 214, 160, 0.5)");
  glow.addColorStop(1, "rgba(255, 190, 140, 0)");
  context.fillStyle = glow;
  context.fillRect(0, 0, WIDTH, HEIGHT);
  disc(context, 1090, 560, 66, "#fff6dc");
  RIDGES.forEach(([color, base, swing], number) => ridge(context, random, color, base, swing, number));
  trees(context, random);
}

function ridge(context, random, color, base, swing, number) {
  const waves = [[0.6, 260], [0.3, 97], [0.1, 23]].map(([share, length]) => ({ share, length, phase: random() * 6 }));
  const height = (x) => waves.reduce((sum, { share, length, phase }) => sum + share * Math.sin(x / length + phase), 0);
  const top = (x) => base - swing * height(x);
  const shade = context.createLinearGradient(0, base - swing, 0, base + 260);
  shade.addColorStop(0, color);
  shade.addColorStop(1, number < 3 ? "#c99a93" : "#0d1729");
  context.fillStyle = shade;
  context.beginPath();
  context.moveTo(0, HEIGHT);
  for (let x = 0; x <= WIDTH; x += 4) context.lineTo(x, top(x));
  context.lineTo(WIDTH, HEIGHT);
  context.fill();
}

function trees(context, random) {
  for (let tree = 0; tree < 120; tree += 1) {
    const x = random() * WIDTH;
    const foot = 960 + random() * 110;
    const height = 34 + random() * 70 + (foot - 960) * 0.5;
    context.fillStyle = `hsl(${205 + random() * 20} 45% ${6 + random() * 7}%)`;
    for (let layer = 0; layer < 4; layer += 1) {
      const y = foot - (height * layer) / 4;
      const half = height * (0.26 - layer * 0.05);
      context.beginPath();
      context.moveTo(x - half, y);
      context.lineTo(x + half, y);
      context.lineTo(x, y - height * 0.42);
      context.fill();
    }
  }
}

function chart(context) {
  context.fillStyle = "#f4f1ea";
  context.fillRect(0, 0, WIDTH, HEIGHT);
  for (let column = 0; column < 12; column += 1) {
    for (let row = 0; row < 4; row += 1) {
      context.fillStyle = `hsl(${column * 30} ${95 - row * 18}% ${32 + row * 14}%)`;
      context.fillRect(60 + column * 124, 60 + row * 104, 112, 92);
    }
  }
  for (let level = 0; level < 16; level += 1) {
    context.fillStyle = `hsl(0 0% ${(level * 100) / 15}%)`;
    context.fillRect(60 + level * 92.5, 496, 92.5, 84);
  }
  context.fillStyle = "#16181d";
  for (let line = 0; line < 60; line += 1) context.fillRect(60 + line * (2 + line * 0.12), 620, 1 + line * 0.06, 150);
  context.font = "600 92px sans-serif";
  context.fillText("Pixelmill", 60, 900);
  [44, 30, 20, 14].forEach((size, row) => {
    context.font = `${size}px serif`;
    context.fillText("The quick brown fox jumps over the lazy dog.", 560, 850 + row * 42);
  });
  context.lineWidth = 3;
  for (let ring = 0; ring < 26; ring += 1) {
    context.beginPath();
    context.arc(1270, 700, 4 + ring * 4.2, 0, Math.PI * 2);
    context.lineWidth = 0.6 + ring * 0.06;
    context.stroke();
  }
}

function shapes(context) {
  const random = noise(23);
  const colors = ["#3b82f6", "#8b5cf6", "#10b981", "#f59e0b", "#ef4444", "#ec4899"];
  context.globalAlpha = 0.78;
  for (let shape = 0; shape < 22; shape += 1) {
    const size = 60 + random() * 190;
    const [x, y] = [160 + random() * (WIDTH - 320), 140 + random() * (HEIGHT - 280)];
    const color = colors[shape % colors.length];
    if (shape % 3 === 0) disc(context, x, y, size * 0.7, color);
    else {
      context.save();
      context.translate(x, y);
      context.rotate(random() * Math.PI);
      context.fillStyle = color;
      context.beginPath();
      context.roundRect(-size / 2, -size / 2, size, size * (shape % 2 ? 1 : 0.45), size / 6);
      context.fill();
      context.restore();
    }
  }
  context.globalAlpha = 1;
}

function disc(context, x, y, radius, color) {
  context.fillStyle = color;
  context.beginPath();
  context.arc(x, y, radius, 0, Math.PI * 2);
  context.fill();
}
