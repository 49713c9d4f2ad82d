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

/** Which side of DTLS this one is, from the last exchange (RFC 8842); null where that says nothing. */
export function dtlsRole(local: string, remote: string): "active" | "passive" | null {
  const setup = (sdp: string): string | undefined => /^a=setup:(\S+)/m.exec(sdp)?.[1];
  const [own, other] = [setup(local), setup(remote)];
  if (own === "active" || other === "passive") {
    return "active";
  }
  return own === "passive" || other === "active" ? "passive" : null;
}

/**
 * A later offer that leaves no choice of the side of DTLS: it cannot change any more, and webrtcbin would choose
 * another one.
 */
export function withDtlsRole(offer: string, role: "active" | "passive" | null): string {
  return role === null ? offer : offer.replace(/^a=setup:actpass\r?$/gm, (line) => line.replace("actpass", role));
}

/**
 * An answer without header extensions that its offer does not have (RFC 8285 section 6): Firefox refuses such an answer,
 * and answers to later offers have been seen to name those of the first exchange.
 */
export function withOfferedExtensions(offer: string, answer: string): string {
  const offered = offer.split(/^(?=m=)/m);
  return answer
    .split(/^(?=m=)/m)
    .map((section, index) =>
      section.replace(/^a=extmap:\S+ (\S+).*\r?\n/gm, (line, uri: string) =>
        index === 0 || offered[index]?.includes(uri) === true ? line : "",
      ),
    )
    .join("");
}
