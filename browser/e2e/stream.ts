/** Plays a stream that is running, from the page at `PAGE_URL`, in real browsers. */

import { watchEverywhere } from "./support/run.js";

const url = process.env["PAGE_URL"];
if (url === undefined) {
  console.error("set PAGE_URL to the address of the page that shows the stream");
  process.exitCode = 2;
} else {
  await watchEverywhere(url);
}
