#!/bin/sh
# Peers and a browser for the tests, from Debian's packages. DICOM: DCMTK, dicom3tools (dciodvfy), Orthanc with
# DICOMweb, pydicom, OpenJPH's tools. Video: aiortc (WebRTC), nginx with its RTMP module, GStreamer's RTSP server, ffmpeg. Chromium with fonts. strace.
# Audit: rsyslog with TLS.
# QEMU with a kernel that has virtual cameras (install-test-kernel.sh).
# Needs root. Nothing is started: Debian's own services stay off.
set -eu
packages="dcmtk dicom3tools orthanc orthanc-dicomweb openjph-tools python3 python3-pip python3-pydicom"
packages="$packages python3-aiortc nginx-light libnginx-mod-rtmp"
packages="$packages python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-good ffmpeg"
packages="$packages chromium fonts-dejavu-core procps iproute2 util-linux strace"
packages="$packages rsyslog rsyslog-openssl"
packages="$packages qemu-system-x86 busybox-static v4l-utils"
if ! command -v apt-get >/dev/null 2>&1; then
  echo "apt-get is missing: install the equivalents of: $packages" >&2
  exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "root is needed: sudo $0" >&2
  exit 1
fi
# Debian starts services on installation unless this says no.
policy=/usr/sbin/policy-rc.d
made=0
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
  made=1
fi
trap '[ "$made" -eq 1 ] && rm -f "$policy"' EXIT
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 -- one package per word
apt-get install -y -qq --no-install-recommends $packages
"$(dirname "$0")/install-test-kernel.sh"
