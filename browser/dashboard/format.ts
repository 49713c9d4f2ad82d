/** Puts numbers in words with units, as short as can be read. Pure. */

const UNKNOWN = "–";

/** What kind of quantity a plot or a cell shows. */
export type Unit = "bitrate" | "duration" | "share" | "rate" | "count";

/** A quantity with its unit; unknown is a dash. */
export function quantity(value: number | null | undefined, unit: Unit): string {
  if (value === null || value === undefined || !Number.isFinite(value)) {
    return UNKNOWN;
  }
  switch (unit) {
    case "bitrate":
      return scaled(value, ["bit/s", "kbit/s", "Mbit/s", "Gbit/s"]);
    case "duration":
      return duration(value);
    case "share":
      return `${digits(value * 100)} %`;
    case "rate":
      return `${digits(value)} /s`;
    case "count":
      return digits(value);
  }
}

/** A duration (s), from microseconds to hours. */
export function duration(seconds: number): string {
  const size = Math.abs(seconds);
  if (size === 0) {
    return "0 ms";
  }
  if (size < 0.001) {
    return `${digits(seconds * 1e6)} µs`;
  }
  if (size < 1) {
    return `${digits(seconds * 1000)} ms`;
  }
  if (size < 60) {
    return `${digits(seconds)} s`;
  }
  const [minutes, hours] = [Math.floor(size / 60), Math.floor(size / 3600)];
  return hours > 0 ? `${hours} h ${Math.floor((size % 3600) / 60)} min` : `${minutes} min ${Math.floor(size % 60)} s`;
}

/** The time of day of an instant (ms since 1970). */
export function clock(instant: number, zone?: string): string {
  return new Intl.DateTimeFormat("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    ...(zone === undefined ? {} : { timeZone: zone }),
  }).format(instant);
}

/** The name of a codec without what is before it: `VP8` of `video/VP8`. */
export function codecName(type: string): string {
  return type.replace(/^(video|audio)\//, "");
}

/** The beginning of a long name that nobody reads to its end. */
export function shortened(name: string): string {
  return name.length > 14 ? `${name.slice(0, 8)}…` : name;
}

function scaled(value: number, units: readonly string[]): string {
  let [rest, step] = [value, 0];
  while (Math.abs(rest) >= 999.5 && step < units.length - 1) {
    rest /= 1000;
    step += 1;
  }
  return `${digits(rest)} ${units[step] ?? ""}`;
}

/** At most three digits that mean something, without zeros behind the point. */
function digits(value: number): string {
  const size = Math.abs(value);
  const places = size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
  return String(Number(value.toFixed(places)));
}
