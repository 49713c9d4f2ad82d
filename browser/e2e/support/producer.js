// A page that produces a moving picture and a tone with the classic script of the library, as old pages do.

document.getElementById("start").addEventListener("click", async () => {
  const canvas = document.getElementById("canvas");
  const context = canvas.getContext("2d");
  let frame = 0;
  setInterval(() => {
    frame += 1;
    context.fillStyle = `hsl(${frame % 360} 80% 60%)`;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.fillStyle = "white";
    context.fillRect((frame * 7) % canvas.width, 100, 120, 120);
  }, 40);

  const audio = new AudioContext();
  const tone = audio.createOscillator();
  const sound = audio.createMediaStreamDestination();
  tone.connect(sound);
  tone.start();
  const stream = canvas.captureStream(25);
  stream.addTrack(sound.stream.getAudioTracks()[0]);

  const { signallingServer } = await (await fetch("config.json")).json();
  const api = new window.GstWebRTCAPI({
    meta: { name: '<img src=x onerror="document.title=`injected`">' },
    signalingServerUrl: `ws://127.0.0.1:${signallingServer.port}`,
    webrtcConfig: { iceServers: [] },
  });
  api.registerConnectionListener({
    connected() {
      const session = api.createProducerSession(stream);
      if (session === null) {
        // The connection was lost and is back; the stream is still offered.
        return;
      }
      session.addEventListener("stateChanged", () => {
        document.body.dataset.streaming = String(session.state === window.GstWebRTCAPI.SessionState.streaming);
      });
      session.start();
    },
    disconnected() {},
  });
});
