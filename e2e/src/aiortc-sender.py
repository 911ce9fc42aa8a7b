"""A WHIP sender of aiortc, as an encoder in hardware: `aiortc-sender.py <url> <token>`. It prints what it was answered,
as JSON, sends pictures until its input ends, and takes its session back; then it prints the status of that."""

import asyncio
import json
import sys
import urllib.parse
import urllib.request

from aiortc import RTCPeerConnection, RTCSessionDescription, VideoStreamTrack
from av import VideoFrame

WIDTH, HEIGHT = 640, 360


class Pictures(VideoStreamTrack):
    """Thirty a second, each in another grey."""

    def __init__(self):
        super().__init__()
        self.count = 0

    async def recv(self):
        frame = VideoFrame(WIDTH, HEIGHT, "yuv420p")
        luma, *chroma = frame.planes
        luma.update(bytes([16 + self.count % 200]) * luma.buffer_size)
        for plane in chroma:
            plane.update(bytes([128]) * plane.buffer_size)
        self.count += 1
        frame.pts, frame.time_base = await self.next_timestamp()
        return frame


def ask(method, url, token, body=None):
    headers = {"authorization": f"Bearer {token}", "content-type": "application/sdp"}
    request = urllib.request.Request(url, method=method, headers=headers, data=body)
    with urllib.request.urlopen(request, timeout=10) as response:
        return response.status, dict(response.headers.items()), response.read().decode()


async def main(url, token):
    peer = RTCPeerConnection()
    peer.addTransceiver(Pictures(), direction="sendonly")
    await peer.setLocalDescription(await peer.createOffer())
    loop = asyncio.get_running_loop()
    offer = peer.localDescription.sdp.encode()
    status, headers, answer = await loop.run_in_executor(None, ask, "POST", url, token, offer)
    print(json.dumps({"status": status, "headers": headers, "answer": answer}), flush=True)
    await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    await loop.run_in_executor(None, sys.stdin.read)
    location = urllib.parse.urljoin(url, {k.lower(): v for k, v in headers.items()}["location"])
    status, _headers, _body = await loop.run_in_executor(None, ask, "DELETE", location, token)
    print(json.dumps({"deleted": status}), flush=True)
    await peer.close()


asyncio.run(main(sys.argv[1], sys.argv[2]))
