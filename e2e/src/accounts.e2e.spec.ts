import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { repoRoot, until } from '@smartbox/testing';
import { CatalogApi, startSmartBox, type SmartBox } from '@smartbox/tools';
import pg from 'pg';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smallStation } from './support.ts';

/** The catalog alone is the door. */
let box: SmartBox;
let chefsPassword = '';
let stateDir: string;

beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'smartbox-accounts-'));
  box = await startSmartBox({ stateDir, stations: [smallStation], services: ['catalog'], pacs: 'test-pacs' });
});
afterAll(async () => {
  await box?.stop();
  await rm(stateDir, { recursive: true, force: true });
});

interface Ran {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

async function run(args: string[], env: NodeJS.ProcessEnv, stdin: string): Promise<Ran> {
  const child = spawn(process.execPath, args, { cwd: repoRoot(), env: { ...process.env, ...env } });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.stdin.end(stdin);
  const [stdout, stderr, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  return { exitCode, stdout, stderr };
}
/** `npm run -s smartbox -- ...` */
const smartbox = (args: string[]) => run(['tools/src/cli.ts', ...args], { SMARTBOX_STATE: stateDir }, '');
/** The same as it is started in a container. */
const script = (name: 'accounts' | 'audit', args: string[], stdin = '') =>
  run([`apps/catalog/dist/${name}.js`, ...args], { DATABASE_URL: box.servers.postgres.url }, stdin);
function answer<T>({ exitCode, stdout, stderr }: Ran): T {
  if (exitCode !== 0) throw new Error(`exit ${exitCode}: ${stderr}`);
  return JSON.parse(stdout) as T;
}
const refusal = ({ exitCode, stdout }: Ran) => [
  exitCode,
  (JSON.parse(stdout) as { error: { code: string } }).error.code,
];

const stations = () => fetch(`${box.url}/api/v1/stations`).then(({ status }) => status);
const signIn = (name: string, password: string) =>
  fetch(`${box.url}/api/v1/session`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ name, password }),
  });
const PASSWORD = 'drei Fliegen im Honig';

describe('a system on one machine', () => {
  it('is open to whoever is there, until somebody has an account; its own tools go on', async () => {
    expect(await stations()).toBe(200);
    const made = answer<{ account: object; oneTimePassword: string }>(
      await smartbox(['accounts', 'add', '--name', 'Chef', '--role', 'admin', '--display', 'Die Chefin', '--json']),
    );
    expect(made.account).toMatchObject({ name: 'chef', displayName: 'Die Chefin', roles: ['admin'], stations: null });
    expect(made.oneTimePassword).toMatch(/^([A-Z2-9]{4}-){3}[A-Z2-9]{4}$/);
    chefsPassword = made.oneTimePassword;
    await until(async () => (await stations()) === 401, { what: 'the door closed' });
    expect(answer<{ stations: object[] }>(await smartbox(['station', 'list', '--json'])).stations).toHaveLength(1);
    expect(await (await CatalogApi.of(box.info())).stations()).toHaveLength(1);
    // A token that only looks like ours.
    await expect(new CatalogApi(box.url, 'sbx_guessed').stations()).rejects.toMatchObject({ code: 'sign-in-needed' });
  });

  it('lets people in by the browser, and what they typed outlives the end of their session', async () => {
    await using browser = await chromium.launch({
      executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
    });
    const page = await browser.newPage({ locale: 'de-DE', viewport: { width: 1440, height: 900 } });
    await page.goto(`${box.url}/admin/accounts`);
    const comeIn = async (password: string) => {
      await page.getByTestId('sign-in-password').fill(password);
      await page.keyboard.press('Enter');
    };
    await page.getByTestId('sign-in-name').fill('chef');
    await comeIn(chefsPassword);
    await page.getByTestId('password-next').fill(PASSWORD);
    await page.getByTestId('password-again').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByTestId('account-chef').waitFor();
    // No script reads it, no other site sends it.
    expect(await page.evaluate('document.cookie')).toBe('');
    expect(await page.context().cookies()).toMatchObject([{ name: 'smartbox-session', httpOnly: true, sameSite: 'Strict' }]); // prettier-ignore

    await page.getByTestId('new-account').click();
    await page.getByTestId('account-name').fill('h.weber');
    await page.getByTestId('account-display').fill('Hanna Weber');
    await page.getByTestId('role-nurse').check();
    const elsewhere = await signIn('chef', PASSWORD);
    const Cookie = elsewhere.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    await fetch(`${box.url}/api/v1/sessions`, { method: 'DELETE', headers: { Cookie } });
    await page.getByTestId('account-save').click();
    await page.getByTestId('session-ended').waitFor();
    await comeIn(PASSWORD);
    await page.getByTestId('secret-text').waitFor();
    await page.getByTestId('secret-done').click();
    await page.getByTestId('account-h.weber').waitFor();
    await page.getByTestId('account-menu').click();
    await page.getByTestId('sign-out').click();
    await page.getByTestId('sign-in-name').waitFor();
    expect(await page.context().cookies()).toEqual([]);
  });

  it('makes and ends accounts from the command line, and says what is wrong', async () => {
    const own = ['add', '--name', 'anna', '--role', 'nurse', '--role', 'auditor', '--station', 'or-1', '--password-stdin', '--json']; // prettier-ignore
    expect(refusal(await script('accounts', own, 'kurz\n'))).toEqual([1, 'password-too-short']);
    expect(answer(await script('accounts', own, `${PASSWORD}\n`))).toMatchObject({
      account: { roles: ['nurse', 'auditor'], stations: ['or-1'] },
    });
    expect(refusal(await script('accounts', ['disable', '--name', 'chef', '--json']))).toEqual([1, 'last-admin']);
    expect((await signIn('anna', PASSWORD)).status).toBe(200);
    expect((await script('accounts', ['disable', '--name', 'anna'])).stdout).toMatch(/^anna .*nurse, auditor {2}\(disabled\)\n$/); // prettier-ignore
    expect((await signIn('anna', PASSWORD)).status).toBe(401);
  });

  it('proves its audit past the service, exports it, and names a row that was changed', async () => {
    const sound = answer<{ entries: number; intact: boolean; head: { sequence: number; hash: string } }>(
      await smartbox(['audit', 'verify', '--json']),
    );
    expect(sound).toMatchObject({ intact: true });
    expect(sound.entries).toBeGreaterThan(5);
    const out = join(stateDir, 'audit.xml');
    const exported = await script('audit', [
      'export',
      '--format',
      'atna',
      '--from',
      '2026-01-01',
      '--out',
      out,
      '--json',
    ]);
    expect(answer(exported)).toMatchObject({ format: 'atna', out });
    const lines = (await readFile(out, 'utf8')).trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(8);
    expect(lines[2]).toContain('originalText="Application Start"');
    expect(lines.join('\n')).toMatch(/UserID="console:\w+"/);

    const client = new pg.Client({ connectionString: box.servers.postgres.url });
    await client.connect();
    await client.query('ALTER TABLE audit_entry DISABLE TRIGGER ALL');
    await client.query(`UPDATE audit_entry SET detail = '{"roles": ["viewer"]}' WHERE sequence = 3`);
    await client.end();
    const broken = await script('audit', ['verify', '--anchor', `${sound.head.sequence}:${sound.head.hash}`]);
    expect(broken.exitCode).toBe(1);
    expect(broken.stdout).toMatch(/^CHANGED {2}entry 3 {2}[0-9A-Z]{26} {2}its content has another hash\n/);
  });
});
