#!/bin/sh
# DICOM peers and a browser for the tests, from Debian's packages: DCMTK, dicom3tools (dciodvfy), Orthanc with
# DICOMweb, pydicom, Chromium with fonts. Needs root. Nothing is started: Debian's own Orthanc service stays off.
set -eu
packages="dcmtk dicom3tools orthanc orthanc-dicomweb python3 python3-pip python3-pydicom chromium fonts-dejavu-core procps iproute2 util-linux"
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
