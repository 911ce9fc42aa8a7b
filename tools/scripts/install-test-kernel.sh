#!/bin/sh
# The kernel of the virtual machine in which video capture is tested on a real V4L2 driver (`startMachine` in
# libs/testing): Debian's own, with `vivid`, the kernel's virtual camera. Unpacked, not installed: this machine keeps
# its kernel. Needs root and 70 MB of download; 15 MB of it are kept.
set -eu
target=/var/cache/smartbox/test-kernel
modules="virtio_pci virtio_console 9pnet_virtio 9p overlay vivid"

# the `cloud` flavour has no cameras
package=$(apt-cache depends linux-image-amd64 | sed -n 's/^ *Depends: \(linux-image-[^ ]*-amd64\)$/\1/p' | head -n 1)
if [ -z "$package" ]; then
  echo "Debian's linux-image-amd64 is needed, and is not in this machine's package lists" >&2
  exit 1
fi
version=${package#linux-image-}
content="$version: $modules"
[ "$(cat "$target/content" 2>/dev/null)" = "$content" ] && exit 0

work=$(mktemp -d /var/tmp/smartbox-kernel.XXXXXX)
trap 'rm -rf "$work"' EXIT
(cd "$work" && apt-get download -qq -o APT::Sandbox::User=root "$package" && dpkg-deb -x ./*.deb .)
[ -d "$work/lib" ] || ln -s usr/lib "$work/lib"
find "$work/" -name '*.ko.xz' -exec unxz {} +
busybox depmod -b "$work" "$version"

rm -rf "$target"
mkdir -p "$target"
cp "$work/boot/vmlinuz-$version" "$target/vmlinuz"
cd "$work/lib/modules/$version"
for module in $modules; do sed -n "/\/$module\.ko:/p" modules.dep; done | tr -d : | tr ' ' '\n' | sort -u >needed
mkdir -p "$target/lib/modules/$version"
tar -c -T needed modules.order modules.builtin | tar -x -C "$target/lib/modules/$version"
busybox depmod -b "$target" "$version"
echo "$content" >"$target/content"
