/** The pictures on buttons, as paths in a square of 24. */

/** Line drawings by what they stand for. */
export const ICONS = {
  play: "M7 4.5v15l12-7.5z",
  sound: "M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM15.5 9a4.2 4.2 0 0 1 0 6M18 6.5a7.8 7.8 0 0 1 0 11",
  silence: "M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM16 9.5l5 5M21 9.5l-5 5",
  talk: "M12 3.5a2.8 2.8 0 0 0-2.8 2.8v5a2.8 2.8 0 0 0 5.6 0v-5A2.8 2.8 0 0 0 12 3.5zM6 11a6 6 0 0 0 12 0M12 17v3.5M8.5 20.5h7",
  control: "M6 3.5l12.5 9.2-5.6.8 3.2 5.8-2.6 1.4-3.1-5.9L6 18.6z",
  statistics: "M4 20V11M9.3 20V4M14.6 20v-6.5M20 20V8",
  larger: "M4 9V4h5M20 15v5h-5M4 4l6.5 6.5M20 20l-6.5-6.5",
  smaller: "M10.5 5.5v5h-5M13.5 18.5v-5h5M10.5 10.5L4 4M13.5 13.5L20 20",
  fullscreen: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  stop: "M6 6l12 12M18 6L6 18",
  retry: "M19.5 5v5h-5M19 10a7.5 7.5 0 1 0 .5 4.5",
} as const;

/** The name of a picture. */
export type IconName = keyof typeof ICONS;
