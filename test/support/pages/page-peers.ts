// Who stands behind the names and ports of a section: servers that answer, a TLS end on port 443 for every name, proxies of Debian,
// a provider of AI. Rule: what a section names is there while it runs, nothing else is, so that the next one may listen where it likes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import tls from 'node:tls';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { findCommand } from '../../../scripts/peers.ts';
import type { IssuedCertificate } from '../certificate-authority.ts';
import { ELSEWHERE } from './page-world.ts';

/** Names that lead elsewhere than to ELSEWHERE. */
const ADDRESSES: Readonly<Record<string, string>> = {
  'proxy.corp.example': '93.184.215.2',
  'proxy.corp': '93.184.215.3',
  'fr.provider.example': '93.184.215.4',
  'de.provider.example': '93.184.215.5',
  'proxy.example': '127.0.0.1',
};
/** Proxies: where, and what they are. `login` as the pages have it in variables. */
const PROXIES: readonly {
  readonly address: string;
  readonly port: number;
  readonly kind: 'http' | 'socks';
  readonly login?: string;
}[] = [
  { address: '93.184.215.2', port: 8080, kind: 'http', login: 'value-of-corp-user value-of-corp-pass' },
  { address: '93.184.215.3', port: 8080, kind: 'http' },
  { address: '93.184.215.4', port: 7777, kind: 'http' },
  { address: '93.184.215.5', port: 1080, kind: 'socks' },
  { address: '10.0.0.1', port: 8080, kind: 'http' },
  { address: '10.0.0.2', port: 1080, kind: 'socks' },
  { address: '10.0.0.5', port: 1080, kind: 'socks' },
];
/** Doors of Sluice, on this machine. */
const OWN_PORTS = new Set([8080, 8888, 8889, 9090, 6400, 4040]);
const NAME = /\b(?:[a-z0-9-]+\.)+(?:example|com|org|net|corp|internal)\b/g;
const WITH_PORT = /(?:https?|h2c|socks5h?):\/\/(?:[^\s"'/@]*@)?([\w.-]+):(\d+)/g;
const BARE_PORT = /(?:sluice (?:http|tcp|gateway)\b[^\n]*?|=|local_port:) ?(\d{2,5})\b(?![.:])/g;
const WITHOUT_PORT = /\b(?:https?|wss?):\/\/(?!localhost|127\.)[\w.*-]*[a-z](?![\w.*-]*:\d)/;
const POLL_MS = 10;

/** By name, with the address of each. */
export function namesIn(text: string, more: readonly string[]): Record<string, string> {
  const single = [...text.matchAll(WITH_PORT)].map(([, host = '']) => host).filter((host) => /[a-z]/.test(host));
  const names = new Set([...(text.match(NAME) ?? []), ...single, ...more, 'example.com']);
  names.delete('localhost');
  return Object.fromEntries([...names].map((name) => [name, ADDRESSES[name] ?? ELSEWHERE]));
}

export interface PeerOptions {
  readonly certificate: IssuedCertificate;
  readonly names: Readonly<Record<string, string>>;
  /** What ends TLS for a name hands it on to this port of this machine. */
  readonly forwards: Readonly<Record<string, number>>;
  /** Ports that something else listens on. */
  readonly taken: readonly number[];
}

type Close = () => unknown;

/** Opens what the text names; the answer closes it all. */
export async function openPeers(text: string, options: PeerOptions): Promise<() => Promise<void>> {
  const open: Close[] = [];
  const places = placesIn(text, options.names).filter(({ port }) => !options.taken.includes(port));
  for (const { address, port } of places) {
    const proxy = PROXIES.find((each) => each.address === address && each.port === port);
    if (proxy !== undefined) open.push(await startProxy(proxy));
    else if (!address.startsWith('127.') || !OWN_PORTS.has(port))
      open.push(await listen(http.createServer(answer), port, address));
  }
  if (WITHOUT_PORT.test(text) && !options.taken.includes(443)) {
    open.push(await listen(http.createServer(answer), 80, ELSEWHERE), await listen(frontOf(options), 443, ELSEWHERE));
  }
  return async () => {
    for (const close of open) await close();
  };
}

function placesIn(text: string, names: Readonly<Record<string, string>>): { address: string; port: number }[] {
  const found = new Map<string, { address: string; port: number }>();
  const add = (host: string, port: number): void => {
    const address = /^(?:localhost|127\.0\.0\.1)$/.test(host) ? '127.0.0.1' : (names[host] ?? host);
    if (net.isIP(address) !== 0) found.set(`${address} ${port}`, { address, port });
  };
  for (const [, host = '', port] of text.matchAll(WITH_PORT)) add(host, Number(port));
  for (const [, port] of text.matchAll(BARE_PORT)) add('127.0.0.1', Number(port));
  return [...found.values()];
}

/** A small page, which is worth keeping, under every name. */
function answer(request: http.IncomingMessage, response: http.ServerResponse): void {
  response.setHeader('Content-Type', 'text/plain');
  response.setHeader('Cache-Control', 'max-age=60');
  // As most applications do, it hears the whole request before it says anything.
  request.resume().on('end', () => response.end(`This is ${request.headers.host ?? ''}${request.url ?? ''}.\n`));
}

/** Ends TLS, as something in front of Sluice or of a provider does. */
function frontOf({ certificate, forwards }: PeerOptions): net.Server {
  const inside = http.createServer(answer);
  return tls.createServer({ cert: certificate.cert, key: certificate.key }, (socket) => {
    socket.on('error', () => {});
    const name = String(socket.servername);
    const port = forwards[name] ?? forwards[name.replace(/^[^.]+/, '*')];
    if (port === undefined) {
      inside.emit('connection', socket);
      return;
    }
    const on = net.connect(port, '127.0.0.1');
    on.on('error', () => socket.destroy());
    socket.on('close', () => on.destroy());
    on.on('close', () => socket.destroy());
    socket.pipe(on).pipe(socket);
  });
}

async function listen(server: net.Server, port: number, address: string): Promise<Close> {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
  });
  server.listen(port, address);
  await once(server, 'listening');
  return () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    return once(server, 'close');
  };
}

async function startProxy({ address, port, kind, login }: (typeof PROXIES)[number]): Promise<Close> {
  const command = findCommand(kind === 'http' ? 'tinyproxy' : 'microsocks');
  if (command === undefined) throw new Error(`the proxy for ${address}:${port} is not installed`);
  const child = spawn(
    command,
    kind === 'http' ? ['-d', '-c', tinyproxy(address, port, login)] : ['-i', address, '-p', String(port)],
    {
      stdio: 'ignore',
    },
  );
  const ended = once(child, 'exit');
  while (child.exitCode === null && !(await accepts(address, port))) await pause(POLL_MS);
  return () => {
    child.kill('SIGKILL');
    return ended;
  };
}

function tinyproxy(address: string, port: number, login?: string): string {
  const file = join('/run', `tinyproxy-${address}.conf`);
  const lines = [`Port ${port}`, `Listen ${address}`, 'Timeout 60', 'LogLevel Critical', `PidFile "${file}.pid"`];
  writeFileSync(file, `${[...lines, ...(login === undefined ? [] : [`BasicAuth ${login}`])].join('\n')}\n`);
  return file;
}

async function accepts(address: string, port: number): Promise<boolean> {
  const socket = net.connect(port, address);
  const isOpen = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return isOpen;
}
