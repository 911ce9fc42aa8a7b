import type { DestinationConfig, InstanceCreated } from '@smartbox/contracts';
import { counter } from '@smartbox/telemetry';
import type { Archive, ObjectContent } from '../application/ports.ts';
import { type AssociationOptions, AssociationPool, echo, store, tlsOptions } from '@smartbox/dimse';

/** Beyond this a C-ECHO is as good as none. */
const ECHO_TIMEOUT_MS = 10_000;

/** A destination reached by DIMSE (PS3.7), over TLS where it is configured. */
export class DicomArchive implements Archive {
  readonly #options: Omit<AssociationOptions, 'contexts' | 'signal'>;
  readonly #pool: AssociationPool;
  readonly #name: string;

  /** `configDir`: where relative names of certificate files are looked up. */
  constructor(config: DestinationConfig, configDir: string) {
    this.#name = config.name;
    this.#options = {
      host: config.host,
      port: config.port,
      calledAeTitle: config.aeTitle,
      callingAeTitle: config.callingAeTitle,
      maxPduBytes: config.maxPduBytes,
      idleTimeoutMs: config.idleTimeoutSeconds * 1000,
      ...(config.tls ? { tls: tlsOptions(config.tls, configDir, `destination ${config.name}`) } : {}),
    };
    this.#pool = new AssociationPool(this.#options);
  }

  async store(
    instance: InstanceCreated,
    accepted: () => Promise<ObjectContent>,
    signal: AbortSignal,
  ): Promise<{ status: number }> {
    const { sopClassUid, sopInstanceUid, transferSyntaxUid } = instance;
    return this.#pool.use({ sopClassUid, transferSyntaxUid }, signal, async (association) => {
      const { size, read } = await accepted();
      const { status } = await store(association, { sopClassUid, sopInstanceUid, transferSyntaxUid, size, read });
      counter('smartbox_dicom_sent_bytes_total', 'Bytes of data sets sent', ['destination']).inc(
        { destination: this.#name },
        size,
      );
      // A peer that refuses an object gets the next one on a new association: this one may be the trouble.
      if (status !== 0x0000 && (status & 0xf000) !== 0xb000) await association.release();
      return { status };
    });
  }

  echo(): Promise<number> {
    const idleTimeoutMs = Math.min(ECHO_TIMEOUT_MS, this.#options.idleTimeoutMs);
    return echo({ ...this.#options, idleTimeoutMs });
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}
