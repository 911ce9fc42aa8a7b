/**
 * The inside of `startConfined`: runs in a network namespace of its own, where all that exists is a loopback
 * interface, starts the server there, and connects its ports to Unix sockets that the outside can reach.
 */
import { spawn, spawnSync } from 'node:child_process';
import { bridge } from './bridge.ts';
import type { ConfinedPlan } from './confined.ts';

const plan = JSON.parse(process.argv[2] ?? '{}') as ConfinedPlan;
const loopback = spawnSync('ip', ['link', 'set', 'lo', 'up'], { stdio: 'inherit' });
if (loopback.status !== 0) throw new Error('ip link set lo up failed in the new network namespace');

for (const port of plan.incoming) await bridge(`${plan.sockets}/in-${port}`, port);
for (const port of plan.outgoing) await bridge(port, `${plan.sockets}/out-${port}`);

const server = spawn(plan.command, plan.args, { stdio: 'inherit' });
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => server.kill(signal));
server.once('error', (error) => {
  console.error(error.message);
  process.exit(127);
});
server.once('exit', (code) => process.exit(code ?? 1));
