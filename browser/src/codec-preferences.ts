/** Which codecs are wanted most: names checked, and put before the others that the browser has. */

/** Media formats of RTP that carry a picture or sound in today's browsers. */
const CODECS = [
  "video/AV1",
  "video/H264",
  "video/H265",
  "video/VP8",
  "video/VP9",
  "audio/opus",
  "audio/G722",
  "audio/PCMA",
  "audio/PCMU",
  "audio/L16",
];

/** A name as it stands in the list above, whatever its case; others as they are. */
export function canonicalCodec(name: string): string {
  return CODECS.find((codec) => codec.toLowerCase() === name.toLowerCase()) ?? name;
}

/**
 * The names as browsers write them; short ones such as `vp9` are understood.
 *
 * @throws `RangeError` where there is no codec of that name.
 */
export function checkedCodecs(names: readonly string[]): readonly string[] {
  return names.map((name) => {
    const wanted = name.trim().toLowerCase();
    const found = CODECS.find((codec) => [codec.toLowerCase(), codec.slice(6).toLowerCase()].includes(wanted));
    if (found === undefined) {
      throw new RangeError(`there is no codec "${name}"; the names are ${CODECS.join(", ")}`);
    }
    return found;
  });
}

/**
 * All of `available`, those that are `wanted` first and in that order: what comes first is what the other side takes if
 * it can. What repairs losses (rtx, red, ulpfec) stays at the end. Null where none of them is wanted.
 */
export function byPreference<Codec extends { readonly mimeType: string }>(
  available: readonly Codec[],
  wanted: readonly string[],
): Codec[] | null {
  const called = (name: string) => (codec: Codec) => codec.mimeType.toLowerCase() === name.toLowerCase();
  const first = [...new Set(wanted)].flatMap((name) => available.filter(called(name)));
  return first.length === 0 ? null : [...first, ...available.filter((codec) => !first.includes(codec))];
}

/** Asks for the codecs in every section of a connection whose descriptions are yet to be made. */
export function preferCodecs(connection: RTCPeerConnection, wanted: readonly string[]): void {
  if (wanted.length === 0) {
    return;
  }
  for (const transceiver of connection.getTransceivers()) {
    // Firefox has it since 128, and a section that was stopped takes nothing.
    if (!("setCodecPreferences" in transceiver) || transceiver.currentDirection === "stopped") {
      continue;
    }
    const available = RTCRtpReceiver.getCapabilities(transceiver.receiver.track.kind)?.codecs ?? [];
    const codecs = byPreference(available, wanted);
    if (codecs !== null) {
      transceiver.setCodecPreferences(codecs);
    }
  }
}
