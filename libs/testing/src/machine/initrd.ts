import { execFile } from 'node:child_process';
import { copyFile, cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Where `tools/scripts/install-test-kernel.sh` puts the kernel and its modules. */
export const KERNEL = '/var/cache/smartbox/test-kernel';
/** Static: the only program there is before the host's files are. */
export const BUSYBOX = '/bin/busybox';

/**
 * The first process of the machine. It lays a file system in memory over the host's files, and then reads commands
 * from the first serial port: its file is opened once, as it may be.
 */
const init = `#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
for module in virtio_pci virtio_console 9pnet_virtio 9p overlay; do modprobe "$module"; done
mount -t 9p -o trans=virtio,version=9p2000.L,msize=1048576,cache=loose,ro host /host
mount -t tmpfs none /memory
mkdir /memory/upper /memory/work
mount -t overlay -o lowerdir=/host,upperdir=/memory/upper,workdir=/memory/work none /new
for folder in dev proc sys; do mount --move "/$folder" "/new/$folder"; done
mount -t tmpfs none /new/run
mkdir -p /new/lib/modules
cp -a /lib/modules/. /new/lib/modules/
exec switch_root /new /bin/sh -c '
  export HOME=/tmp PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  port=$(echo /dev/vport*p1)
  while :; do sh <>"$port" >&0 2>&1; done'
`;

/** Writes the machine's first file system into `dir`; resolves with its path. */
export async function makeInitrd(dir: string): Promise<string> {
  const tree = join(dir, 'initrd');
  for (const folder of ['bin', 'dev', 'proc', 'sys', 'host', 'memory', 'new'])
    await mkdir(join(tree, folder), { recursive: true });
  await copyFile(BUSYBOX, join(tree, 'bin/busybox'));
  await cp(join(KERNEL, 'lib'), join(tree, 'lib'), { recursive: true });
  await writeFile(join(tree, 'init'), init, { mode: 0o755 });
  await run('sh', ['-c', 'cd "$1" && find . | busybox cpio -o -H newc >../initrd.cpio', 'sh', tree]);
  return join(dir, 'initrd.cpio');
}
