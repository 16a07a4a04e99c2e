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

export class CertificateAuthority {
  readonly certificate: IssuedCertificate;
  readonly #dir: string;

  constructor(dir: string, name = 'authority') {
    this.#dir = dir;
    this.certificate = this.#request(name, ['-addext', 'keyUsage=critical,keyCertSign']);
  }

  /** A certificate for the alternative names given, such as DNS:example.com or IP:127.0.0.1. */
  issue(file: string, ...alternativeNames: readonly string[]): IssuedCertificate {
    const { certFile, keyFile } = this.certificate;
    const names = alternativeNames.length === 0 ? [] : ['-addext', `subjectAltName=${alternativeNames.join(',')}`];
    const issuer = ['-CA', certFile, '-CAkey', keyFile, '-addext', 'basicConstraints=critical,CA:FALSE'];
    return this.#request(file, [...issuer, ...names]);
  }

  #request(file: string, more: readonly string[]): IssuedCertificate {
    const certFile = join(this.#dir, `${file}.pem`);
    const keyFile = join(this.#dir, `${file}-key.pem`);
    const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const out = ['-keyout', keyFile, '-out', certFile, '-days', '2', '-subj', `/CN=${file}`];
    execFileSync('openssl', ['req', '-x509', ...newKey, ...out, ...more], { stdio: 'pipe' });
    return { certFile, keyFile, cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
  }
}
