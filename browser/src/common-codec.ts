/** Whether two sides found a codec that both know, read from an offer and its answer (RFC 3264). Pure. */

/** Formats that repair or bundle others and carry nothing of their own. */
const HELPERS = ["rtx", "red", "ulpfec", "flexfec-03", "telephone-event", "cn"];

/** One place for media in a description. */
interface Section {
  readonly kind: string;
  readonly rejected: boolean;
  readonly codecs: readonly string[];
}

/**
 * The codecs that `offer` names, where `answer` takes none of the media that it offers; null where it takes some, or
 * where no media is offered.
 */
export function codecsInVain(offer: string, answer: string): readonly string[] | null {
  const offered = sectionsOf(offer).filter(({ rejected }) => !rejected);
  const taken = sectionsOf(answer, false).some(({ rejected }) => !rejected);
  return offered.length === 0 || taken ? null : [...new Set(offered.flatMap(({ codecs }) => codecs))];
}

/** The sections of sound and pictures; in an offer those without a port of their own may be bundled with others. */
function sectionsOf(sdp: string, isOffer = true): Section[] {
  return sdp
    .split(/^m=/m)
    .slice(1)
    .flatMap((text) => {
      const [, kind, port] = /^(audio|video) (\d+)/.exec(text) ?? [];
      if (kind === undefined) {
        return [];
      }
      const names = [...text.matchAll(/^a=rtpmap:\d+ ([^/\s]+)/gm)].map(([, name]) => name ?? "");
      const codecs = names.filter((name) => !HELPERS.includes(name.toLowerCase())).map((name) => `${kind}/${name}`);
      const bundled = isOffer && /^a=bundle-only/m.test(text);
      return [{ kind, rejected: port === "0" && !bundled, codecs }];
    });
}
