// The certificates that doors show: which names they are for, and until when. Rule: what is told is what was read when the configuration in
// force came into force; that another one has taken its place is told once.
import { readFileSync } from 'node:fs';
import type { Config } from '../config/config.ts';
import type { TlsConfig } from '../config/schema/tls.ts';
import type { Logger } from '../telemetry/application-log.ts';
import { liveFamily } from '../telemetry/live-family.ts';
import type { MetricFamily } from '../telemetry/metrics-view.ts';
import { certificateFacts } from '../transport/tls-context.ts';

export interface ServedCertificate {
  readonly door: string;
  readonly file: string;
  readonly names: readonly string[];
  readonly issuer: string;
  readonly fingerprint: string;
  readonly validFromMs: number;
  readonly validToMs: number;
}

const EXPIRY = {
  type: 'gauge',
  name: 'sluice_certificate_expiry_timestamp_seconds',
  help: 'When the certificate that a door shows for a name runs out.',
} as const;

export class ServedCertificates {
  readonly #logger: Pick<Logger, 'info' | 'warn'>;
  #served: readonly ServedCertificate[] | null = null;

  constructor(logger: Pick<Logger, 'info' | 'warn'>) {
    this.#logger = logger;
  }

  get all(): readonly ServedCertificate[] {
    return this.#served ?? [];
  }

  /** This configuration has come into force. */
  follow(config: Config): void {
    const before = this.#served;
    const now = certificatesIn(config);
    this.#served = now;
    if (before === null) return;
    const added = now.filter((each) => !before.some((other) => isSame(each, other)));
    const gone = before.filter((each) => !now.some((other) => isSame(each, other)));
    for (const each of added) this.#tell('a certificate has come into use', each);
    for (const each of gone) this.#tell('a certificate is not used any more', each);
  }

  /** Of several for one name the first that ends. */
  families(): MetricFamily[] {
    const ends = new Map<string, { door: string; name: string; atMs: number }>();
    for (const { door, names, validToMs } of this.all) {
      for (const name of names) {
        const key = `${door} ${name}`;
        const atMs = Math.min(validToMs, ends.get(key)?.atMs ?? Infinity);
        ends.set(key, { door, name, atMs });
      }
    }
    return [
      liveFamily(
        EXPIRY,
        [...ends.values()].map(({ door, name, atMs }) => [{ door, name }, atMs / 1000] as const),
      ),
    ];
  }

  #tell(message: string, { door, file, names, fingerprint, validToMs }: ServedCertificate): void {
    const until = new Date(validToMs).toISOString();
    this.#logger.info({ event: 'certificate', door, names, until, file, fingerprint }, message);
  }
}

function isSame(one: ServedCertificate, other: ServedCertificate): boolean {
  return one.door === other.door && one.fingerprint === other.fingerprint;
}

/** What cannot be read has been refused before, or is gone since: nothing is known of it. */
function certificatesIn({ gateway, egress, tunnels }: Config): ServedCertificate[] {
  const found = [
    ...gateway.listen.flatMap(({ tls }) => certificatesOf('gateway', tls)),
    ...(egress.listen.length === 0 ? [] : certificatesOf('egress', egress.tls)),
    ...(tunnels.server.enabled ? certificatesOf('tunnels', tunnels.server.tls) : []),
  ];
  return found.filter((each, index) => found.findIndex((other) => isSame(each, other)) === index);
}

function certificatesOf(door: string, tls: TlsConfig | null): ServedCertificate[] {
  return (tls?.certificates ?? []).flatMap(({ cert: file }) => {
    try {
      return [{ door, file, ...certificateFacts({ name: file, pem: readFileSync(file, 'utf8') }) }];
    } catch {
      return [];
    }
  });
}
