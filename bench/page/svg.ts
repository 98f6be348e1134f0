/** Colours that people with any kind of sight tell apart (Okabe and Ito), and then paler ones for the rest. */
export const COLOURS: readonly string[] = [
  "#0072b2",
  "#d55e00",
  "#009e73",
  "#cc79a7",
  "#e69f00",
  "#56b4e9",
  "#555555",
  "#8fc7e8",
  "#f2b48c",
  "#8fd6bd",
  "#e8cfdd",
  "#f5dca0",
  "#bcdff5",
  "#bbbbbb",
];

export function colour(at: number): string {
  return COLOURS[at % COLOURS.length] ?? "#000000";
}

type Attributes = Readonly<Record<string, string | number>>;

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** Numbers to a tenth of a pixel: more would only make every run's picture another file. */
function attributeText(value: string | number): string {
  return typeof value === "number" ? String(Math.round(value * 10) / 10) : escaped(value);
}

export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const words = Object.entries(attributes).map(([key, value]) => ` ${key}="${attributeText(value)}"`);
  const inside = children.join("");
  return inside === "" ? `<${name}${words.join("")}/>` : `<${name}${words.join("")}>${inside}</${name}>`;
}

export function label(text: string, attributes: Attributes): string {
  return element("text", attributes, escaped(text));
}

/** A whole picture on white, for pages of any colour. `title` is read out where nobody sees it. */
export function picture(
  { width, height, title }: { readonly width: number; readonly height: number; readonly title: string },
  parts: readonly string[],
): string {
  const root = element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: "img",
      "font-family": "sans-serif",
      "font-size": 12,
    },
    `\n${element("title", {}, escaped(title))}\n`,
    `${element("rect", { width, height, fill: "#ffffff" })}\n`,
    `${label(title, { x: 16, y: 24, "font-size": 15, "font-weight": "bold" })}\n`,
    ...parts.map((part) => `${part}\n`),
  );
  return `${root}\n`;
}
