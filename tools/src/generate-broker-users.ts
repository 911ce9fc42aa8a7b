/** Writes deploy/nats/generated/users.conf: the broker's users of the single-host deployment, with their rights. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { brokerUserEntry, brokerUsers, StationConfig } from '@smartbox/contracts';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '../..');
const folder = join(root, 'deploy/config/stations');
const target = join(root, 'deploy/nats/generated/users.conf');

/** The variable that holds a user's password, in .env and in docker-compose.yml. */
const passwordOf = (user: string) => `NATS_PASSWORD_${user.toUpperCase().replaceAll('-', '_')}`;

const stations = readdirSync(folder)
  .filter((file) => /\.ya?ml$/.test(file))
  .sort()
  .map((file) => StationConfig.parse(parse(readFileSync(join(folder, file), 'utf8'))).id);
const entries = brokerUsers(stations).map((user) => brokerUserEntry(user, `$${passwordOf(user.user)}`));
const head = `# Made by \`npm run generate\` of libs/contracts/src/broker-rights.ts and deploy/config/stations: do not edit.
# After a room was added: generate, give its user a password in .env and docker-compose.yml, reload the broker.
`;
mkdirSync(dirname(target), { recursive: true });
writeFileSync(target, `${head}users: [\n${entries.join('')}]\n`);
