import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { EventData } from '@smartbox/contracts';
import { certificatesOf } from '@smartbox/dimse';
import { toError } from '@smartbox/kernel';
import type { Messaging } from '@smartbox/messaging';
import { createLogger, gauge } from '@smartbox/telemetry';
import { configuredTls, warningStep } from '../domain/certificate-warning.ts';
import type { ConfigurationService } from './configuration.service.ts';

const LOOK_MS = 3_600_000;
const log = createLogger('pacs-gateway');
type Ending = EventData<'pacs-gateway.certificate.ending'>;

/** Looks at the end of every configured certificate, hourly: each step nearer to it is told once while it runs. */
@Injectable()
export class CertificateWatch implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #messaging: Messaging;
  readonly #configuration: ConfigurationService;
  readonly #configDir: string;
  readonly #told = new Set<string>();
  /** As of the last look. */
  #known: readonly Ending[] = [];
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();

  constructor(messaging: Messaging, configuration: ConfigurationService, configDir: string) {
    this.#messaging = messaging;
    this.#configuration = configuration;
    this.#configDir = configDir;
    const name = 'smartbox_certificate_ends_timestamp_seconds';
    gauge(name, 'End of a configured certificate, Unix time', ['owner', 'field', 'subject'], (set) => {
      for (const { endsAt, owner, field, subject } of this.#known) {
        set(Date.parse(endsAt) / 1000, { owner, field, subject });
      }
    });
  }

  onApplicationBootstrap(): void {
    const look = () => {
      this.#looking = this.#looking
        .then(() => this.#look())
        .catch((error: unknown) => {
          log.error({ err: toError(error).message }, 'the end of certificates could not be told');
        });
    };
    look();
    this.#timer = setInterval(look, LOOK_MS);
    this.#configuration.onTaken(look);
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  async #look(): Promise<void> {
    this.#known = this.#read();
    for (const ending of this.#known) {
      const step = warningStep(new Date(ending.endsAt), new Date());
      const id = `certificate/${ending.sha256}/${ending.owner}/${ending.field}/${step}`;
      if (step === undefined || this.#told.has(id)) continue;
      log.warn({ ...ending, step }, step === 0 ? 'a certificate has ended' : 'a certificate ends soon');
      await this.#messaging.publishEvent('pacs-gateway.certificate.ending', ending, { id, subject: ending.owner });
      this.#told.add(id);
    }
  }

  /** A place that cannot be read is logged and left out: its connections say the same. */
  #read(): Ending[] {
    return configuredTls(this.#configuration.current).flatMap(([owner, files]) => {
      try {
        return certificatesOf(files, this.#configDir, owner).map(({ field, certificate }) => ({
          owner,
          field,
          subject: certificate.subject.replaceAll('\n', ', '),
          sha256: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
          endsAt: new Date(certificate.validTo).toISOString(),
        }));
      } catch (error) {
        log.error({ owner, err: toError(error).message }, 'a certificate cannot be read');
        return [];
      }
    });
  }
}
