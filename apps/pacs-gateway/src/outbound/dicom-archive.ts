import type { DestinationConfig, InstanceCreated, Negotiated } from '@smartbox/contracts';
import { counter } from '@smartbox/telemetry';
import type { Archive, ObjectContent } from '../application/ports.ts';
import { Association, type AssociationOptions, AssociationPool, echo, store, tlsOptions } from '@smartbox/dimse';

/** Beyond this a C-ECHO is as good as none. */
const ECHO_TIMEOUT_MS = 10_000;

/** A destination reached by DIMSE (PS3.7), over TLS where it is configured. */
export class DicomArchive implements Archive {
  readonly #options: Omit<AssociationOptions, 'contexts' | 'signal'>;
  readonly #pool: AssociationPool;
  readonly #name: string;

  /** `configDir`: where relative names of certificate files are looked up. `onNegotiated`: of every new association. */
  constructor(config: DestinationConfig, configDir: string, onNegotiated: (negotiated: Negotiated) => void) {
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
    const tls = config.tls !== undefined;
    this.#pool = new AssociationPool(this.#options, (association) => onNegotiated(negotiatedBy(association, tls)));
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

  /** On an association of its own: each pair of SOP class and transfer syntax is a context, answered by itself. */
  async accepts(sopClassUid: string, transferSyntaxUids: readonly string[], signal: AbortSignal): Promise<string[]> {
    const contexts = transferSyntaxUids.map((uid) => ({ abstractSyntax: sopClassUid, transferSyntaxes: [uid] }));
    const association = await Association.open({ ...this.#options, contexts, signal });
    const accepted = new Set(association.contexts.map(({ transferSyntax }) => transferSyntax));
    await association.release();
    return transferSyntaxUids.filter((uid) => accepted.has(uid));
  }

  echo(): Promise<number> {
    const idleTimeoutMs = Math.min(ECHO_TIMEOUT_MS, this.#options.idleTimeoutMs);
    return echo({ ...this.#options, idleTimeoutMs });
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}

function negotiatedBy(association: Association, tls: boolean): Negotiated {
  const { contexts, negotiated } = association;
  return {
    at: new Date().toISOString(),
    role: 'scp',
    contexts: contexts.map(({ abstractSyntax, transferSyntaxes, transferSyntax, result }) => ({
      abstractSyntax,
      transferSyntaxes: [...transferSyntaxes],
      ...(transferSyntax === undefined ? {} : { accepted: transferSyntax }),
      result,
    })),
    maxPduBytes: negotiated?.peerMaxPdu ?? 0,
    tls,
    ...negotiated?.implementation,
  };
}
