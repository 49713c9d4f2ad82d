/** Full screen and picture in picture, in the words of each browser. */

/** Names of older browsers, all of one family; its phones know only the last two. */
interface Webkit {
  webkitRequestFullscreen?(): void;
  webkitEnterFullscreen?(): void;
  readonly webkitSupportsFullscreen?: boolean;
}

interface WebkitDocument {
  readonly webkitFullscreenElement?: Element | null;
  webkitExitFullscreen?(): void;
}

/** The element that fills the screen. */
function filling(): Element | null {
  const webkit: Document & WebkitDocument = document;
  return webkit.fullscreenElement ?? webkit.webkitFullscreenElement ?? null;
}

/** Whether `player` fills the screen; null: it cannot, and neither can its `video`. */
export function fillsScreen(player: HTMLElement, video: HTMLVideoElement): boolean | null {
  const webkit: HTMLElement & Webkit = player;
  const can =
    "requestFullscreen" in player ||
    webkit.webkitRequestFullscreen !== undefined ||
    (video as HTMLVideoElement & Webkit).webkitEnterFullscreen !== undefined;
  return can ? filling() === player : null;
}

/** Lets `player` fill the screen, or its video where that is all that a phone allows, or goes back. */
export async function toggleFullScreen(player: HTMLElement, video: HTMLVideoElement): Promise<void> {
  const webkit: HTMLElement & Webkit = player;
  const leave = document as Partial<Pick<Document, "exitFullscreen">> & WebkitDocument;
  try {
    if (filling() !== null) {
      await (leave.exitFullscreen?.() ?? leave.webkitExitFullscreen?.());
    } else if ("requestFullscreen" in player) {
      await player.requestFullscreen();
    } else if (webkit.webkitRequestFullscreen !== undefined) {
      webkit.webkitRequestFullscreen();
    } else {
      (video as HTMLVideoElement & Webkit).webkitEnterFullscreen?.();
    }
  } catch {
    // Refused by the browser or the viewer: all stays as it is.
  }
}

/** Whether there is picture in picture. */
export function hasPicture(video: HTMLVideoElement): boolean {
  return "requestPictureInPicture" in video && document.pictureInPictureEnabled;
}

/** Shows the video in a window of its own, or no longer. */
export async function togglePicture(video: HTMLVideoElement): Promise<void> {
  try {
    if (document.pictureInPictureElement === null) {
      await video.requestPictureInPicture();
    } else {
      await document.exitPictureInPicture();
    }
  } catch {
    // As above.
  }
}
