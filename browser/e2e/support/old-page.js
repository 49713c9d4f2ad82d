// A page as people wrote them for gstwebrtc-api 3.0.0, with nothing but what its documentation has. The client is what
// the script before this one set as window.GstWebRTCAPI.

const states = [];
const page = { peers: [], clientId: null, frames: 0, response: null, sent: null, states, consumers: 0, ended: false };
window.page = page;
const name = ({ id, meta }) => ({ id, name: meta && meta.name });

const api = new window.GstWebRTCAPI({
  meta: { name: "an old page" },
  signalingServerUrl: `ws://127.0.0.1:${new URLSearchParams(location.search).get("port")}`,
  reconnectionTimeout: 500,
  webrtcConfig: { iceServers: [] },
});
api.registerConnectionListener({
  connected(clientId) {
    page.clientId = clientId;
  },
  disconnected() {
    page.clientId = null;
  },
});
api.registerPeerListener({
  producerAdded(producer) {
    page.peers.push(name(producer));
  },
  producerRemoved(producer) {
    page.peers = page.peers.filter(({ id }) => id !== producer.id);
  },
});

page.listed = () => api.getAvailableProducers().map(name);

page.consume = (id) => {
  const video = document.querySelector("video");
  const { SessionState } = window.GstWebRTCAPI;
  const session = api.createConsumerSession(id);
  page.session = session;
  session.addEventListener("stateChanged", () => {
    states.push(Object.keys(SessionState).find((key) => SessionState[key] === session.state));
  });
  session.addEventListener("streamsChanged", () => {
    video.srcObject = session.streams[0] ?? null;
    video.play().catch(() => undefined);
  });
  const count = () => {
    page.frames += 1;
    video.requestVideoFrameCallback(count);
  };
  video.requestVideoFrameCallback(count);
  session.addEventListener("remoteControllerChanged", () => {
    const { remoteController } = session;
    if (remoteController === null) {
      return;
    }
    remoteController.attachVideoElement(video);
    remoteController.addEventListener("controlResponse", ({ detail }) => {
      page.response = detail;
    });
    const ask = () => {
      const event = { event: "MouseMove", x: 1, y: 2, modifier_state: "" };
      page.sent = remoteController.sendControlRequest({ type: "navigationEvent", event });
    };
    if (remoteController.rtcDataChannel.readyState === "open") {
      ask();
    } else {
      remoteController.rtcDataChannel.addEventListener("open", ask);
    }
  });
  session.addEventListener("closed", () => {
    page.ended = true;
  });
  session.connect();
};

page.produce = async () => {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { width: 320, height: 240 }, audio: true });
  const session = api.createProducerSession(stream);
  page.producing = session;
  session.addEventListener("clientConsumerAdded", () => {
    page.consumers += 1;
  });
  session.addEventListener("clientConsumerRemoved", () => {
    page.consumers -= 1;
  });
  session.start();
  return true;
};
