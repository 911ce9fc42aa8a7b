/**
 * Runs in the page before its scripts: a peer connection whose video is a canvas, for specs without a streaming server.
 * `window.freezeLive = true` stops its frames.
 */
export const fakePeerScript = `(() => {
  let n = 0;
  class FakePeer extends EventTarget {
    connectionState = 'new';
    localDescription = null;
    receivers = [];
    addTransceiver() {
      const receiver = { getStats: async () => new Map() };
      this.receivers.push(receiver);
      return { receiver };
    }
    getReceivers() { return this.receivers; }
    async createOffer() { return { type: 'offer', sdp: 'v=0' }; }
    async setLocalDescription(d) { this.localDescription = d; }
    // Chromium paints one more frame of a connection that was closed.
    close() { clearInterval(this.timer); this.connectionState = 'closed'; setTimeout(() => this.draw && this.draw(true), 60); }
    async setRemoteDescription() {
      const canvas = document.createElement('canvas');
      canvas.width = 1280; canvas.height = 720;
      const c = canvas.getContext('2d');
      const hue = (n++ % 2) ? 205 : 12;
      const draw = this.draw = (always) => {
        if (window.freezeLive && !always) return;
        const t = performance.now() / 1000;
        const g = c.createRadialGradient(640, 340, 30, 640, 360, 620);
        g.addColorStop(0, 'hsl(' + hue + ' 62% 58%)'); g.addColorStop(1, 'hsl(' + hue + ' 55% 14%)');
        c.fillStyle = g; c.fillRect(0, 0, 1280, 720);
        c.fillStyle = 'hsl(' + hue + ' 70% 34%)';
        c.beginPath(); c.arc(560 + Math.sin(t) * 60, 350, 130, 0, 7); c.fill();
        c.fillStyle = 'rgb(255 255 255 / 55%)';
        c.beginPath(); c.arc(700, 250 + Math.cos(t) * 20, 26, 0, 7); c.fill();
      };
      draw(false);
      this.timer = setInterval(() => draw(false), 40);
      const stream = canvas.captureStream(25);
      for (const receiver of this.receivers) {
        const event = new Event('track');
        Object.assign(event, { streams: [stream], track: stream.getVideoTracks()[0], receiver });
        this.dispatchEvent(event);
      }
      this.connectionState = 'connected';
      this.dispatchEvent(new Event('connectionstatechange'));
    }
  }
  window.RTCPeerConnection = FakePeer;
  const realFetch = window.fetch;
  window.fetch = (url, init) => String(url).includes('/whep')
    ? Promise.resolve(new Response(init.method === 'POST' ? 'v=0' : '', { status: init.method === 'POST' ? 201 : 200, headers: { location: '/api/v1/whep/1' } }))
    : realFetch(url, init);
})();`;
