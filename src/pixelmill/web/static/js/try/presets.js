// Pipelines to begin with.

/** @type {{name: string, text: string, note: string}[]} */
export const PRESETS = [
  { name: "Web picture", text: "resize:1280x | sharpen:0.6 | webp:80", note: "smaller, crisp, WebP" },
  {
    name: "Thumbnail",
    text: "resize:320x320,fit=cover,gravity=attention | webp:75",
    note: "a square around what draws the eye",
  },
  {
    name: "Sepia with watermark",
    text: 'resize:1280x | sepia:0.85 | vignette:0.45 | text:"© Pixelmill",size=36 | jpeg:85',
    note: "an old print, signed",
  },
  {
    name: "Duotone poster",
    text: "resize:1200x1200,fit=cover | auto_level | duotone:#1d2b53,#ffd6a5 | webp:82",
    note: "two colors, square",
  },
  {
    name: "Avatar",
    text: "resize:256x256,fit=cover,gravity=attention | rounded_corners:share=0.5 | png",
    note: "a disc with alpha",
  },
  {
    name: "Responsive set",
    text:
      "sharpen:0.5 | { small = resize:480x | webp:75; medium = resize:960x | webp:78; " +
      "large = resize:1440x | webp:80 }",
    note: "three sizes of one source",
  },
  { name: "As it is", text: "", note: "decoded and encoded, no operation" },
];

/** What a first visit starts with. */
export const FIRST = PRESETS[2];
