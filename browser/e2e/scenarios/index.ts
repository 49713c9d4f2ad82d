/** All scenarios, in the order in which they are run. */

import type { Scenario } from "../scenario.js";
import { TALKS } from "./channels.js";
import { DRAWS_VIEWERS } from "./dashboard.js";
import { PAIRS_FRAMES } from "./frames.js";
import { OUTLIVES_THE_SERVER, PAUSES } from "./enduring.js";
import { STANDS_HOSTILE_ANSWERS, STANDS_HOSTILE_PEERS, STANDS_HOSTILITY } from "./hostile.js";
import { SENDS_INPUT } from "./input.js";
import { OUR_CLIENT_WORKS, RELEASED_CLIENT_WORKS } from "./old-pages.js";
import { ASKS_FOR_TOKEN, FINDS_AGAIN, SHARES_CAMERA } from "./page.js";
import { SERVES_ITS_PAGE, SERVES_PAGES_OF_OTHERS } from "./one-port.js";
import { FITS_A_PHONE } from "./phone.js";
import { PLAYS_EVERY_CODEC, PLAYS_OVER_TCP } from "./playing.js";
import { PLAYS_BY_ONE_LINE } from "./player.js";
import { CONTROLS_PIPELINE } from "./remote-control.js";
import { CHOOSES_CODEC, FINDS_ANOTHER_PATH } from "./sessions.js";
import { ENDURES, KEEPS_ORDER, LEAVES_PROPERLY, SHOWS_TOKEN } from "./signalling.js";
import { PRODUCES_FOR_A_SOURCE, TALKS_BACK } from "./talking.js";
import { FOLLOWS_STREAMS, TELLS_STATISTICS } from "./watching.js";

/** Each has its place in a file of its subject. */
export const SCENARIOS: readonly Scenario[] = [
  PLAYS_EVERY_CODEC,
  PLAYS_OVER_TCP,
  PAUSES,
  TELLS_STATISTICS,
  FOLLOWS_STREAMS,
  OUTLIVES_THE_SERVER,
  PLAYS_BY_ONE_LINE,
  STANDS_HOSTILITY,
  STANDS_HOSTILE_PEERS,
  STANDS_HOSTILE_ANSWERS,
  ...TALKS,
  FINDS_ANOTHER_PATH,
  CHOOSES_CODEC,
  SENDS_INPUT,
  CONTROLS_PIPELINE,
  DRAWS_VIEWERS,
  FINDS_AGAIN,
  SHARES_CAMERA,
  ASKS_FOR_TOKEN,
  FITS_A_PHONE,
  ENDURES,
  KEEPS_ORDER,
  SHOWS_TOKEN,
  LEAVES_PROPERLY,
  RELEASED_CLIENT_WORKS,
  OUR_CLIENT_WORKS,
  SERVES_ITS_PAGE,
  SERVES_PAGES_OF_OTHERS,
  TALKS_BACK,
  PRODUCES_FOR_A_SOURCE,
  PAIRS_FRAMES,
];
