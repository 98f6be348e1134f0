import { unreachable } from "../model/unreachable.ts";
import type { Unit } from "./result.ts";

/** Three digits, whatever the size. */
function digits(value: number): string {
  if (value === 0) return "0";
  const places = 2 - Math.floor(Math.log10(Math.abs(value)));
  return value.toFixed(Math.min(6, Math.max(0, places)));
}

function scaled(value: number, base: number, units: readonly string[]): string {
  let rest = value;
  let at = 0;
  while (Math.abs(rest) >= base && at < units.length - 1) {
    rest /= base;
    at++;
  }
  return `${digits(rest)} ${units[at] ?? ""}`;
}

function seconds(value: number): string {
  const size = Math.abs(value);
  if (size >= 1) return `${digits(value)} s`;
  if (size >= 1e-3) return `${digits(value * 1e3)} ms`;
  return `${digits(value * 1e6)} µs`;
}

/** A value as people read it: `0.075 ms` is `75.0 µs`. */
export function formatValue(value: number, unit: Unit): string {
  if (!Number.isFinite(value)) return "-";
  switch (unit) {
    case "seconds":
      return value === 0 ? "0 s" : seconds(value);
    case "bytes":
      return scaled(value, 1_000, ["B", "kB", "MB", "GB"]);
    case "perSecond":
      return `${Math.round(value)}/s`;
    case "bitsPerSecond":
      return scaled(value, 1_000, ["bit/s", "kbit/s", "Mbit/s", "Gbit/s"]);
    case "ratio":
      return digits(value);
    case "count":
      return String(Math.round(value * 100) / 100);
    default:
      return unreachable(unit);
  }
}
