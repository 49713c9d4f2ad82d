/** The page of the scenarios about one session: plays a producer by its name, and is asked about the session. */

import { type ConsumerSession, GstWebRTCAPI, type SessionStatistics } from "../../src/index.js";

/** What scenarios ask the page. */
export interface SessionPage {
  /** Plays the producer called `name`, with these codecs first; resolves when its picture moves. */
  play(url: string, name: string, codecs: readonly string[]): Promise<void>;
  /** So many statistics, one after the other. */
  statistics(count: number, interval: number): Promise<SessionStatistics[]>;
  /** Asks for a new network path; resolves with whether there is one by another name on both sides, and media on it. */
  restart(): Promise<{ asked: boolean; local: boolean; remote: boolean }>;
}

declare global {
  interface Window {
    sessions: SessionPage;
  }
}

let current: ConsumerSession | null = null;

function producerCalled(api: GstWebRTCAPI, name: string): Promise<string> {
  return new Promise((resolve) => {
    api.registerPeerListener({
      producerAdded: ({ id, meta }) => {
        if ((meta as { name?: unknown } | null)?.name === name) {
          resolve(id);
        }
      },
    });
  });
}

function session(): { session: ConsumerSession; connection: RTCPeerConnection } {
  const connection = current?.rtcPeerConnection;
  if (current === null || connection == null) {
    throw new Error(`there is no session: ${JSON.stringify(current?.endReason)}`);
  }
  return { session: current, connection };
}

const ufrag = (description: RTCSessionDescription | null): string =>
  /^a=ice-ufrag:(\S+)/m.exec(description?.sdp ?? "")?.[1] ?? "";

window.sessions = {
  play: async (url, name, codecs) => {
    current?.close();
    const api = new GstWebRTCAPI({ signalingServerUrl: url, webrtcConfig: { iceServers: [] } });
    const made = api.createConsumerSession(await producerCalled(api, name));
    if (made === null) {
      throw new Error("there is no connection to the signalling server");
    }
    current = made;
    made.codecPreferences = codecs;
    const video = document.querySelector("video") ?? document.body.appendChild(document.createElement("video"));
    video.muted = true;
    made.addEventListener("streamsChanged", () => {
      video.srcObject = made.streams[0] ?? null;
      void video.play();
    });
    made.connect();
    for await (const { framesPerSecond } of made.statistics({ interval: 100 })) {
      if ((framesPerSecond ?? 0) > 0) {
        return;
      }
    }
    throw new Error(`the session ended: ${JSON.stringify(made.endReason)}`);
  },
  statistics: async (count, interval) => {
    const seen: SessionStatistics[] = [];
    for await (const statistics of session().session.statistics({ interval })) {
      seen.push(statistics);
      if (seen.length === count) {
        break;
      }
    }
    return seen;
  },
  restart: async () => {
    const { session: made, connection } = session();
    const before = [ufrag(connection.currentLocalDescription), ufrag(connection.currentRemoteDescription)];
    const asked = made.restartIce();
    const changed = (): boolean[] => [
      ufrag(connection.currentLocalDescription) !== before[0],
      ufrag(connection.currentRemoteDescription) !== before[1],
    ];
    let readings = 0;
    for await (const { bitrate } of made.statistics({ interval: 250 })) {
      readings += 1;
      // Long enough for a path that did not stand to be noticed.
      if (readings > 8 && (bitrate ?? 0) > 0 && !made.interrupted) {
        break;
      }
    }
    if (made.endReason !== null) {
      throw new Error(`the session ended: ${JSON.stringify(made.endReason)}`);
    }
    const [local = false, remote = false] = changed();
    return { asked, local, remote };
  },
};
