/*
 * A throw-away certificate authority, made by openssl when it is asked for: what tests of TLS on both sides need.
 * Rule: everything lies in the directory given, which the test removes.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface IssuedCertificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
const RSA = ['-newkey', 'rsa:2048'];

export class CertificateAuthority {
  readonly certificate: IssuedCertificate;
  readonly #dir: string;
  readonly #days: number;

  /** What it issues, and itself, is good for so many days. */
  constructor(dir: string, name = 'authority', days = 2) {
    this.#dir = dir;
    this.#days = days;
    this.certificate = this.#request(name, [...EC, '-addext', 'keyUsage=critical,keyCertSign']);
  }

  /** A certificate for the alternative names given, such as DNS:example.com or IP:127.0.0.1. */
  issue(file: string, ...alternativeNames: readonly string[]): IssuedCertificate {
    return this.#issue(file, EC, alternativeNames);
  }

  /** The same with a key for clients that know RSA alone. */
  issueRsa(file: string, ...alternativeNames: readonly string[]): IssuedCertificate {
    return this.#issue(file, RSA, alternativeNames);
  }

  #issue(file: string, newKey: readonly string[], alternativeNames: readonly string[]): IssuedCertificate {
    const { certFile, keyFile } = this.certificate;
    const names = alternativeNames.length === 0 ? [] : ['-addext', `subjectAltName=${alternativeNames.join(',')}`];
    const issuer = ['-CA', certFile, '-CAkey', keyFile, '-addext', 'basicConstraints=critical,CA:FALSE'];
    return this.#request(file, [...newKey, ...issuer, ...names]);
  }

  #request(file: string, more: readonly string[]): IssuedCertificate {
    const certFile = join(this.#dir, `${file}.pem`);
    const keyFile = join(this.#dir, `${file}-key.pem`);
    const out = ['-keyout', keyFile, '-out', certFile, '-days', String(this.#days), '-subj', `/CN=${file}`];
    execFileSync('openssl', ['req', '-x509', '-nodes', ...out, ...more], { stdio: 'pipe' });
    return { certFile, keyFile, cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
  }
}
