import type { DestinationConfig } from '@smartbox/contracts';
import {
  requestCommitment,
  tlsOptions,
  type AssociationOptions,
  type CommitmentReport,
  type InstanceReference,
} from '@smartbox/dimse';
import type { Committer } from '../application/ports.ts';

type Policy = NonNullable<DestinationConfig['commitment']>;

/** Storage Commitment SCU of one destination, PS3.4 annex J. */
export class DicomCommitter implements Committer {
  readonly #options: Omit<AssociationOptions, 'contexts' | 'signal'>;
  readonly #holdMs: number;

  constructor(config: DestinationConfig, policy: Policy, configDir: string) {
    this.#holdMs = policy.holdSeconds * 1000;
    this.#options = {
      host: policy.host ?? config.host,
      port: policy.port ?? config.port,
      calledAeTitle: policy.aeTitle ?? config.aeTitle,
      callingAeTitle: config.callingAeTitle,
      maxPduBytes: config.maxPduBytes,
      idleTimeoutMs: config.idleTimeoutSeconds * 1000,
      ...(config.tls ? { tls: tlsOptions(config.tls, configDir, `destination ${config.name}`) } : {}),
    };
  }

  ask(
    transactionUid: string,
    instances: readonly InstanceReference[],
    onReport: (report: CommitmentReport) => Promise<number>,
    signal: AbortSignal,
  ): Promise<{ status: number }> {
    const request = { transactionUid, instances, onReport, holdMs: this.#holdMs };
    return requestCommitment({ ...this.#options, signal }, request);
  }
}
