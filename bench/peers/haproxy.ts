// HAProxy, event loop in C.
// Rule: one thread per worker asked for; keep-alive on both sides is its default mode.
import { readFileSync } from 'node:fs';
import { startPeer, versionFrom, writeConfig, type Peer, type PeerOptions } from './peer.ts';

function bindLine(options: PeerOptions, port: number): string {
  if (options.door !== 'tls' && options.door !== 'h2') return `bind 127.0.0.1:${port}`;
  // It wants certificate and key in one file.
  const both = readFileSync(options.certificate.cert, 'utf8') + readFileSync(options.certificate.key, 'utf8');
  const pem = writeConfig(options, 'both.pem', both);
  return `bind 127.0.0.1:${port} ssl crt ${pem} alpn ${options.door === 'h2' ? 'h2,http/1.1' : 'http/1.1'}`;
}

function configText(options: PeerOptions, port: number): string {
  return `
global
  nbthread ${options.workers}
  maxconn 8192
defaults
  mode ${options.door === 'tunnel' ? 'tcp' : 'http'}
  timeout connect 10s
  timeout client 600s
  timeout server 600s
  timeout tunnel 600s
  timeout http-keep-alive 600s
frontend in
  ${bindLine(options, port)}
  default_backend out
backend out
  ${options.door === 'tunnel' ? '' : 'http-reuse always'}
  server origin 127.0.0.1:${options.backendPort}
`;
}

export const haproxy: Peer = {
  name: 'haproxy',
  doors: ['http', 'tls', 'h2', 'websocket', 'tunnel'],
  findVersion: () => versionFrom('haproxy', '-v'),
  start: (options) =>
    startPeer(options, (port) => ({
      name: 'haproxy',
      command: ['haproxy', '-db', '-f', writeConfig(options, 'haproxy.cfg', configText(options, port))],
    })),
};
