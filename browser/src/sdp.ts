/** Changes of session descriptions that no browser API offers. */

/**
 * Asks for stereo in every Opus section: browsers decode to mono unless their own description says `stereo=1`
 * (RFC 7587 section 6.1).
 */
export function withStereoOpus(sdp: string): string {
  const lines = sdp.split("\r\n");
  const opus = lines.flatMap((line) => /^a=rtpmap:(\d+) opus\//i.exec(line)?.[1] ?? []);
  const formatted = new Set(lines.flatMap((line) => /^a=fmtp:(\d+) /.exec(line)?.[1] ?? []));
  return lines
    .flatMap((line) => {
      const [, attribute, payload] = /^a=(fmtp|rtpmap):(\d+) /.exec(line) ?? [];
      if (payload === undefined || !opus.includes(payload)) {
        return [line];
      }
      if (attribute === "fmtp") {
        return [/[ ;]stereo=/.test(line) ? line.replace(/([ ;]stereo=)\d/, (_, key: string) => `${key}1`) : `${line};stereo=1`];
      }
      return formatted.has(payload) ? [line] : [line, `a=fmtp:${payload} stereo=1`];
    })
    .join("\r\n");
}

/** The name of the ICE agent in a description (RFC 8839 section 5.4): another one says that ICE begins anew. */
export function iceUfrag(sdp: string): string | null {
  return /^a=ice-ufrag:(\S+)/m.exec(sdp)?.[1] ?? null;
}
