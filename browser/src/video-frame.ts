/** Asks the page where a video element is, how it is turned, and how its picture lies in it. */

import { IDENTITY, type Linear, type ObjectFit, type Shown, linearOf, multiply } from "./video-geometry.js";

/** The video as it is shown at this moment. */
export function shownVideo(video: HTMLVideoElement): Shown {
  const style = getComputedStyle(video);
  const box = video.getBoundingClientRect();
  const transform = transformOf(video);
  // Only where nothing is turned or scaled does the bounding box know the size to fractions of a pixel.
  const straight = transform.a === 1 && transform.b === 0 && transform.c === 0 && transform.d === 1;
  const outer = straight ? box : { width: video.offsetWidth, height: video.offsetHeight };
  const px = (value: string): number => Number.parseFloat(value) || 0;
  const [left, top] = [px(style.borderLeftWidth) + px(style.paddingLeft), px(style.borderTopWidth) + px(style.paddingTop)];
  return {
    frame: {
      centre: { x: box.left + box.width / 2, y: box.top + box.height / 2 },
      transform,
      outer: { width: outer.width, height: outer.height },
      content: {
        x: left,
        y: top,
        width: outer.width - left - px(style.borderRightWidth) - px(style.paddingRight),
        height: outer.height - top - px(style.borderBottomWidth) - px(style.paddingBottom),
      },
    },
    video: { width: video.videoWidth, height: video.videoHeight },
    fit: style.objectFit as ObjectFit,
    position: style.objectPosition,
  };
}

/** What the element and everything around it are transformed by. */
function transformOf(video: HTMLVideoElement): Linear {
  let all = IDENTITY;
  for (let element: Element | null = video; element !== null; element = around(element)) {
    const { transform, rotate, scale } = getComputedStyle(element);
    if (transform !== "none" || rotate !== "none" || scale !== "none") {
      all = multiply(linearOf(transform, rotate, scale), all);
    }
  }
  return all;
}

/** The element around another as it is drawn: through slots and shadow roots; nothing is around what has the whole screen. */
function around(element: Element): Element | null {
  if (document.fullscreenElement !== null && element.matches(":fullscreen")) {
    return null;
  }
  const root = element.getRootNode();
  return element.assignedSlot ?? element.parentElement ?? (root instanceof ShadowRoot ? root.host : null);
}
