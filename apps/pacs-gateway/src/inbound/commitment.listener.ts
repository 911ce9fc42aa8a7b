import { lookup } from 'node:dns/promises';
import type { ListenerConfig } from '@smartbox/contracts';
import { DimseListener, EventStatus, readCommitmentReport, tlsOptions, type Caller } from '@smartbox/dimse';
import { counter, createLogger } from '@smartbox/telemetry';
import type { CommitmentDesk } from '../application/commitment-desk.ts';
import type { Destination, Destinations } from '../application/destination.ts';
import { isDimse } from '../domain/destinations.ts';

const log = createLogger('pacs-gateway');
const NAMES_KEPT_MS = 60_000;

/** Permanent, by the service user (PS3.8 table 9-21). */
const UNKNOWN_CALLER = { result: 1, source: 1, reason: 3 } as const;
const UNKNOWN_CALLED = { result: 1, source: 1, reason: 7 } as const;

/** Takes commitment reports on associations that archives open, from those that are configured and nobody else. */
export class CommitmentListener {
  readonly #desk: CommitmentDesk;
  readonly #destinations: Destinations;
  readonly #config: ListenerConfig;
  readonly #listener: DimseListener;
  readonly #addresses = new Map<string, { addresses: Promise<string[]>; until: number }>();

  /** `configDir`: where relative names of certificate files are looked up. */
  constructor(config: ListenerConfig, configDir: string, desk: CommitmentDesk, destinations: Destinations) {
    this.#desk = desk;
    this.#destinations = destinations;
    this.#config = config;
    this.#listener = new DimseListener({
      host: config.host,
      port: config.port,
      maxAssociations: config.maxAssociations,
      ...(config.tls ? { tls: tlsOptions(config.tls, configDir, 'listener') } : {}),
      allowsAddress: async (address) => (await this.#callers(address)).length > 0,
      services: {
        admit: async (caller) => {
          if (!this.#isCalled(caller.calledAeTitle)) return UNKNOWN_CALLED;
          return (await this.#who(caller)).length === 0 ? UNKNOWN_CALLER : undefined;
        },
        onEventReport: async (message, transferSyntax, caller) => {
          const report = readCommitmentReport(message, transferSyntax);
          const status = typeof report === 'number' ? report : await this.#desk.report(report, await this.#who(caller));
          count(status === EventStatus.success ? 'taken' : 'refused');
          if (status !== EventStatus.success) log.warn({ ...caller, status }, 'a commitment report was refused');
          return status;
        },
        onTrouble: (what, caller) => {
          count('trouble');
          log.warn({ ...caller, what }, 'the DICOM listener turned somebody away');
        },
      },
    });
  }

  async listen(): Promise<void> {
    const port = await this.#listener.listen();
    log.info(
      { host: this.#config.host, port, tls: this.#config.tls !== undefined },
      'listening for commitment reports',
    );
  }

  close(): Promise<void> {
    return this.#listener.close();
  }

  #isCalled(aeTitle: string): boolean {
    if (aeTitle === this.#config.aeTitle) return true;
    return [...this.#destinations.values()].some((one) => dimseOf(one)?.callingAeTitle === aeTitle);
  }

  /** Names of the destinations that report from there under that AE title. */
  async #who({ callingAeTitle, address }: Caller): Promise<string[]> {
    const there = await this.#callers(address);
    return there.filter(({ aeTitle }) => aeTitle === callingAeTitle).map(({ name }) => name);
  }

  async #callers(address: string): Promise<{ name: string; aeTitle: string }[]> {
    const found: { name: string; aeTitle: string }[] = [];
    for (const destination of this.#destinations.values()) {
      const config = dimseOf(destination);
      const policy = config?.commitment;
      if (!config || !policy?.request) continue;
      for (const host of [policy.host ?? config.host, ...policy.reportFrom]) {
        if (!(await this.#resolve(host)).includes(address)) continue;
        found.push({ name: config.name, aeTitle: policy.aeTitle ?? config.aeTitle });
        break;
      }
    }
    return found;
  }

  #resolve(host: string): Promise<string[]> {
    const known = this.#addresses.get(host);
    if (known && known.until > Date.now()) return known.addresses;
    const addresses = lookup(host, { all: true }).then(
      (all) => all.map((one) => one.address),
      () => [],
    );
    this.#addresses.set(host, { addresses, until: Date.now() + NAMES_KEPT_MS });
    return addresses;
  }
}

function dimseOf({ config }: Destination) {
  return isDimse(config) ? config : undefined;
}

function count(outcome: string): void {
  counter('smartbox_commitment_reports_total', 'Commitment reports on our listener, by outcome', ['outcome']).inc({
    outcome,
  });
}
