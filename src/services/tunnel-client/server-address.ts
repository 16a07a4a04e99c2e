// Where a tunnel server is, as a person names it. Rule: without a scheme only this very machine is spoken to in the clear.
import { canonicalHost, formatHostPort } from '../../core/address.ts';
import { SluiceError } from '../../core/errors.ts';
import { isLoopback, parseIp } from '../../core/ip.ts';

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
}

const SHAPE = /^(?:(wss?|https?):\/\/)?(\[[0-9a-f:.]+\]|[^\s/:@[\]]+)(?::(\d{1,5}))?(?:\/.*)?$/i;
const USUAL_PORT = 6400;

export function parseServerAddress(text: string): ServerAddress {
  const match = SHAPE.exec(text.trim());
  if (match === null) throw noServer(text);
  const [, scheme, written = '', portText] = match;
  const host = canonicalHost(written.replace(/^\[(.*)\]$/, '$1'));
  const secure = scheme === undefined ? !isHere(host) : /^(?:wss|https)$/i.test(scheme);
  const port = portText === undefined ? usualPort(scheme, secure) : Number(portText);
  if (host === '' || port < 1 || port > 65_535) throw noServer(text);
  return { host, port, secure };
}

function usualPort(scheme: string | undefined, secure: boolean): number {
  if (scheme === undefined) return USUAL_PORT;
  return secure ? 443 : 80;
}

function isHere(host: string): boolean {
  const ip = parseIp(host);
  return ip === undefined ? /(?:^|\.)localhost$/.test(host) : isLoopback(ip);
}

function noServer(text: string): SluiceError {
  const message = `${JSON.stringify(text)} is no tunnel server: expected host:port or a URL such as wss://tunnels.example.com`;
  return new SluiceError('usage', { message });
}

export function serverName({ host, port, secure }: ServerAddress): string {
  return `${secure ? 'wss' : 'ws'}://${formatHostPort(host, port)}`;
}
