/**
 * Plays and produces the streams of webrtcsink and webrtcsrc in a browser. Start at {@link GstWebRTCAPI}.
 *
 * @packageDocumentation
 */

export { type ConnectionListener, GstWebRTCAPI, type GstWebRTCConfig } from "./gstwebrtc-api.js";
export { GstWebRTCAPI as default } from "./gstwebrtc-api.js";
export { ConsumerSession, type ConsumerSessionEvents, type OfferOptions } from "./consumer-session.js";
export { ClientSession, ProducerSession, type ProducerSessionEvents } from "./producer-session.js";
export { type EndReason, type SessionPhase, describeEnd, isOrdinaryEnd } from "./end-reason.js";
export { type SessionEvents, SessionState, WebRTCSession } from "./session.js";
export { type ControlRequest, type ControlResponse, type InfoMessage, RemoteController, type RemoteControllerEvents } from "./remote-control.js";
export type { CaptureOptions } from "./input-capture.js";
export type { NavigationCommand, NavigationEvent } from "./navigation.js";
export type { TextField } from "./text-capture.js";
export type { ConnectionProblem, EndCode, Json, Peer } from "./protocol.js";
export type { ListedPeer, PeerListener } from "./peer-directory.js";
export type { PathHint } from "./paths.js";
export type { StatisticsOptions } from "./statistics-feed.js";
export type { Rung, SessionStatistics } from "./statistics.js";
export { setVideoPlayoutDelay } from "./playout.js";
export { CaptureError, type CaptureProblem, type CaptureSource } from "./capture-error.js";
export {
  type CameraWishes,
  captureCamera,
  captureCanvas,
  captureMicrophone,
  captureScreen,
  type MicrophoneWishes,
  type PictureWishes,
  type ScreenWishes,
  stopCapture,
} from "./capture.js";
export { TalkBack, type TalkBackEvents, type TalkBackHost, type TalkBackOptions, type TalkBackState } from "./talk-back.js";
export { TalkBackError, type TalkBackProblem } from "./talk-back-error.js";
export { talkBackConsumerOf } from "./talk-back-consumer.js";
export { canCallBackForFrames, type DescribedFrame, FrameMetadata, type FrameMetadataEvents } from "./frame-metadata.js";
