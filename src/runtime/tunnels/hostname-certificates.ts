// Which hostnames the certificates of the gateway are for. Rule: what cannot be read is no certificate here; who opens the door says what is
// wrong with it.
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Config } from '../../config/config.ts';

export class HostnameCertificates {
  #files: readonly string[] = [];
  /** null: they have not been looked at since the configuration came into force. */
  #read: readonly X509Certificate[] | null = null;

  follow({ gateway }: Config): void {
    this.#files = gateway.listen.flatMap(({ tls }) => tls?.certificates.map(({ cert }) => cert) ?? []);
    this.#read = null;
  }

  /** One that has not run out. */
  has(hostname: string): boolean {
    this.#read ??= [...new Set(this.#files)].flatMap((file) => certificateIn(file));
    const now = new Date();
    return this.#read.some((each) => each.checkHost(hostname) !== undefined && each.validToDate > now);
  }
}

function certificateIn(file: string): X509Certificate[] {
  try {
    // The first one of a file is the one that is shown; others only lead up to who vouches for it.
    return [new X509Certificate(readFileSync(file))];
  } catch {
    return [];
  }
}
