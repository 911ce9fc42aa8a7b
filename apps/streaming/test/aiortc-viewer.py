"""A WHEP viewer of aiortc: `aiortc-viewer.py <url> <token> <frames>` prints the burnt-in counters it decoded, as JSON."""

import asyncio
import json
import sys
import urllib.error
import urllib.parse
import urllib.request

from aiortc import RTCPeerConnection, RTCSessionDescription


def ask(method, url, token, body=None):
    """The session's address and the answer. urllib follows no 307 of a POST, so this does (RFC 9110 section 15.4.8)."""
    headers = {"authorization": f"Bearer {token}", "content-type": "application/sdp"}
    request = urllib.request.Request(url, method=method, headers=headers, data=body)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return urllib.parse.urljoin(url, response.headers.get("location") or ""), response.read().decode()
    except urllib.error.HTTPError as error:
        if error.code != 307:
            raise
        return ask(method, urllib.parse.urljoin(url, error.headers["location"]), token, body)


def crc_of(counter):
    crc = 0x55
    for shift in (24, 16, 8, 0):
        crc ^= (counter >> shift) & 0xFF
        for _ in range(8):
            crc = ((crc << 1) ^ 0x07) & 0xFF if crc & 0x80 else (crc << 1) & 0xFF
    return crc


def counter_of(frame):
    """See libs/media/src/pattern/counter.ts; None where it cannot be read."""
    plane = frame.planes[0]
    luma, stride, width = bytes(plane), plane.line_size, frame.width
    edge = lambda index: int((index + 2) * width / 80 + 0.5)
    middle = lambda index: (edge(index) + edge(index + 1)) // 2
    white = lambda column, row: luma[middle(row) * stride + middle(column)] > 126
    if not white(0, 0) or white(0, 1) or white(21, 0) or not white(21, 1):
        return None
    bits = 0
    for at in range(40):
        bits = bits << 1 | white(1 + at % 20, at // 20)
    return bits >> 8 if crc_of(bits >> 8) == bits & 0xFF else None


async def main(url, token, wanted):
    peer = RTCPeerConnection()
    peer.addTransceiver("video", direction="recvonly")
    counters, done = [], asyncio.get_running_loop().create_future()

    @peer.on("track")
    def on_track(track):
        async def read():
            while len(counters) < wanted:
                counters.append(counter_of(await track.recv()))
            done.set_result(None)

        asyncio.ensure_future(read())

    await peer.setLocalDescription(await peer.createOffer())
    loop = asyncio.get_running_loop()
    offer = peer.localDescription.sdp.encode()
    location, answer = await loop.run_in_executor(None, ask, "POST", url, token, offer)
    await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    try:
        await asyncio.wait_for(done, 20)
    finally:
        print(json.dumps({"counters": counters, "state": peer.connectionState, "session": location}))
        await loop.run_in_executor(None, ask, "DELETE", location, token)
        await peer.close()


asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
