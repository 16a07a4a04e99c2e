// Real proxies as peers, each on a free port of 127.0.0.1 and in a folder of its own, for use as hops of a chain.
// Rule: what a test starts here has ended with it, helpers and all; a proxy that is not installed skips the test.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type PeerName } from '../../scripts/peers.ts';
import { requirePeer, skipTest } from './peer.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface Login {
  readonly username: string;
  readonly password: string;
}

export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

export interface SquidOptions {
  /** Who may use it, and how it asks. NTLM is only gone through: the helper takes any password. */
  readonly auth?: Login & { readonly scheme: 'basic' | 'digest' | 'ntlm' };
  /** Listens with TLS. */
  readonly tls?: TlsFiles;
  /** As Debian has it: CONNECT to port 443 alone. */
  readonly sslPortsOnly?: boolean;
  /** The address that it connects from, by which a target can tell it. */
  readonly from?: string;
  /** Nobody tells it the address of any name, and it does not wait long for one. */
  readonly knowsNoNames?: boolean;
  /** Names that it takes for this machine. */
  readonly namesOfHere?: readonly string[];
}

type Scheme = 'http' | 'https' | 'socks5';

/** One proxy, running. */
export class RunningProxy {
  readonly name: PeerName;
  readonly port: number;
  readonly scheme: Scheme;
  readonly login: Login | null;
  readonly #child: ChildProcess;
  readonly #logFile: string | null;
  #output = '';

  constructor(child: ChildProcess, started: Omit<Start, 'args'> & { readonly port: number }) {
    this.name = started.peer;
    this.port = started.port;
    this.scheme = started.scheme ?? 'http';
    this.login = started.login ?? null;
    this.#child = child;
    this.#logFile = started.logFile ?? null;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
    }
  }

  /** For a configuration: with the user and the password. */
  get url(): string {
    const { login } = this;
    const user = login === null ? '' : `${encodeURIComponent(login.username)}:${encodeURIComponent(login.password)}@`;
    return `${this.scheme}://${user}127.0.0.1:${this.port}`;
  }

  /** Everything that it has logged so far, its access log included. */
  get log(): string {
    try {
      return this.#output + (this.#logFile === null ? '' : readFileSync(this.#logFile, 'utf8'));
    } catch {
      return this.#output;
    }
  }

  /** Resolves when it has logged something that fits. */
  async logs(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.log)) await pause(10);
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** To it and all its helpers: SIGSTOP freezes it, SIGCONT goes on, SIGKILL ends it. */
  signal(signal: NodeJS.Signals): void {
    if (this.isRunning) process.kill(-this.#child.pid!, signal);
  }

  async stop(): Promise<void> {
    if (!this.isRunning) return;
    const ended = once(this.#child, 'exit');
    this.signal('SIGKILL');
    await ended;
  }
}

interface Start {
  readonly peer: PeerName;
  readonly args: readonly string[];
  readonly scheme?: Scheme;
  readonly login?: Login | null;
  readonly logFile?: string;
}

/** Nobody listens there. */
const NO_NAMES = ['dns_nameservers 127.0.0.1', 'dns_retransmit_interval 1 second', 'dns_timeout 1 second'];

/** Where Debian has them. */
const SQUID_HELPERS = '/usr/lib/squid';

/** Squid, plain or with TLS, open or with one of three kinds of authentication. */
export async function startSquid(t: TestContext, options: SquidOptions = {}): Promise<RunningProxy | undefined> {
  if (options.auth !== undefined && !existsSync(SQUID_HELPERS)) {
    skipTest(t, `the helpers of squid are not in ${SQUID_HELPERS}`);
    return undefined;
  }
  return launch(t, 'squid', (folder, port) => {
    const file = (name: string): string => join(folder, name);
    const { auth, tls, from, namesOfHere = [] } = options;
    write(folder, 'hosts', [`127.0.0.1 localhost ${namesOfHere.join(' ')}`]);
    const listen =
      tls === undefined
        ? `http_port 127.0.0.1:${port}`
        : `https_port 127.0.0.1:${port} tls-cert=${tls.certFile} tls-key=${tls.keyFile}`;
    write(folder, 'squid.conf', [
      listen,
      `pid_filename ${file('squid.pid')}`,
      `cache_log ${file('cache.log')}`,
      `access_log stdio:${file('access.log')}`,
      `coredump_dir ${folder}`,
      `hosts_file ${file('hosts')}`,
      'cache deny all',
      'cache_mem 8 MB',
      'pinger_enable off',
      'visible_hostname squid.test',
      'shutdown_lifetime 0 seconds',
      'auth_param basic realm test',
      ...(auth === undefined ? [] : squidAuth(folder, auth)),
      ...(options.sslPortsOnly === true ? ['acl SSL_ports port 443', 'http_access deny CONNECT !SSL_ports'] : []),
      ...(from === undefined ? [] : [`tcp_outgoing_address ${from}`]),
      ...(options.knowsNoNames === true ? NO_NAMES : []),
      auth === undefined ? 'http_access allow all' : 'acl known proxy_auth REQUIRED\nhttp_access allow known',
      'http_access deny all',
    ]);
    return {
      peer: 'squid',
      // Squids on one machine must not share a name, for they share memory by it.
      args: ['-N', '-n', `sluice${port}`, '-f', file('squid.conf')],
      scheme: tls === undefined ? 'http' : 'https',
      login: auth ?? null,
      logFile: file('access.log'),
    };
  });
}

function squidAuth(folder: string, { scheme, username, password }: NonNullable<SquidOptions['auth']>): string[] {
  if (scheme === 'ntlm')
    return [`auth_param ntlm program ${SQUID_HELPERS}/ntlm_fake_auth`, 'auth_param ntlm children 5'];
  const users = join(folder, 'users');
  if (scheme === 'basic') {
    const hash = execFileSync('openssl', ['passwd', '-1', '-stdin'], { input: password, encoding: 'utf8' }).trim();
    write(folder, 'users', [`${username}:${hash}`]);
    return [`auth_param basic program ${SQUID_HELPERS}/basic_ncsa_auth ${users}`];
  }
  const secret = createHash('md5').update(`${username}:test:${password}`).digest('hex');
  write(folder, 'users', [`${username}:test:${secret}`]);
  return [`auth_param digest program ${SQUID_HELPERS}/digest_file_auth -c ${users}`, 'auth_param digest realm test'];
}

/** Tinyproxy, which answers CONNECT in HTTP/1.0. */
export async function startTinyproxy(t: TestContext, login?: Login): Promise<RunningProxy | undefined> {
  return launch(t, 'tinyproxy', (folder, port) => {
    const logFile = join(folder, 'tinyproxy.log');
    const auth = login === undefined ? [] : [`BasicAuth ${login.username} ${login.password}`];
    write(folder, 'tinyproxy.conf', [
      `Port ${port}`,
      'Listen 127.0.0.1',
      'Allow 127.0.0.1',
      'Timeout 600',
      'LogLevel Connect',
      `LogFile "${logFile}"`,
      `PidFile "${join(folder, 'pid')}"`,
      ...auth,
    ]);
    return { peer: 'tinyproxy', args: ['-d', '-c', join(folder, 'tinyproxy.conf')], login: login ?? null, logFile };
  });
}

/** Dante, open: its logins are those of the system. */
export async function startDanted(t: TestContext): Promise<RunningProxy | undefined> {
  return launch(t, 'danted', (folder, port) => {
    const logFile = join(folder, 'danted.log');
    const users = process.getuid?.() === 0 ? ['user.privileged: root', 'user.unprivileged: nobody'] : [];
    write(folder, 'danted.conf', [
      `logoutput: ${logFile}`,
      `internal: 127.0.0.1 port = ${port}`,
      'external: 127.0.0.1',
      'clientmethod: none',
      'socksmethod: none',
      ...users,
      'client pass {',
      '  from: 127.0.0.0/8 to: 0.0.0.0/0',
      '  log: error',
      '}',
      'socks pass {',
      '  from: 127.0.0.0/8 to: 0.0.0.0/0',
      '  protocol: tcp',
      '  log: connect disconnect error',
      '}',
    ]);
    const args = ['-f', join(folder, 'danted.conf'), '-p', join(folder, 'pid')];
    return { peer: 'danted', args, scheme: 'socks5', logFile };
  });
}

/** Microsocks; with a login it takes no client without. */
export async function startMicrosocks(t: TestContext, login?: Login): Promise<RunningProxy | undefined> {
  return launch(t, 'microsocks', (_folder, port) => {
    const auth = login === undefined ? [] : ['-u', login.username, '-P', login.password];
    const args = ['-i', '127.0.0.1', '-p', String(port), ...auth];
    return { peer: 'microsocks', args, scheme: 'socks5', login: login ?? null };
  });
}

/** Privoxy, which changes nothing of what it passes on. */
export async function startPrivoxy(t: TestContext): Promise<RunningProxy | undefined> {
  return launch(t, 'privoxy', (folder, port) => {
    write(folder, 'config', [
      `listen-address 127.0.0.1:${port}`,
      `confdir ${folder}`,
      `logdir ${folder}`,
      'logfile privoxy.log',
      'debug 1',
      'toggle 0',
    ]);
    const args = ['--no-daemon', join(folder, 'config')];
    return { peer: 'privoxy', args, logFile: join(folder, 'privoxy.log') };
  });
}

/** HAProxy in front of another proxy; with TLS it offers HTTP/2 first, as it does by default elsewhere. */
export async function startHaproxy(
  t: TestContext,
  behind: RunningProxy,
  tls?: TlsFiles,
): Promise<RunningProxy | undefined> {
  return launch(t, 'haproxy', (folder, port) => {
    const pem = join(folder, 'both.pem');
    if (tls !== undefined) writeFileSync(pem, readFileSync(tls.certFile, 'utf8') + readFileSync(tls.keyFile, 'utf8'));
    const secure = tls === undefined ? '' : ` ssl crt ${pem} alpn h2,http/1.1`;
    write(folder, 'haproxy.cfg', [
      'global',
      '  log stdout format raw local0',
      'defaults',
      '  mode http',
      '  log global',
      '  option httplog',
      '  timeout connect 10s',
      '  timeout client 60s',
      '  timeout server 60s',
      '  timeout tunnel 1h',
      'frontend front',
      `  bind 127.0.0.1:${port}${secure}`,
      '  default_backend behind',
      'backend behind',
      `  server one 127.0.0.1:${behind.port}`,
    ]);
    const args = ['-db', '-f', join(folder, 'haproxy.cfg')];
    return { peer: 'haproxy', args, scheme: tls === undefined ? 'http' : 'https', login: behind.login };
  });
}

/** Another port may be gone between its choice and the start; then the proxy ends at once and gets a new one. */
const STARTS = 3;

export async function launch(
  t: TestContext,
  peer: PeerName,
  prepare: (folder: string, port: number) => Start,
): Promise<RunningProxy | undefined> {
  const command = requirePeer(t, peer);
  if (command === undefined) return undefined;
  const folder = temporaryFolder(t);
  // Proxies started by root turn into somebody else.
  chmodSync(folder, 0o777);
  let said = '';
  for (let start = 0; start < STARTS; start += 1) {
    const own = join(folder, String(start));
    mkdirSync(own);
    chmodSync(own, 0o777);
    const port = await freePort();
    const { args, ...started } = prepare(own, port);
    const child = spawn(command, args, { cwd: own, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const proxy = new RunningProxy(child, { ...started, port });
    t.after(() => proxy.stop());
    if (await listens(proxy)) return proxy;
    said = proxy.log;
  }
  throw new Error(`${peer} does not start: ${said}`);
}

function write(folder: string, name: string, lines: readonly string[]): void {
  writeFileSync(join(folder, name), `${lines.join('\n')}\n`);
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Resolves with true as soon as somebody accepts, with false when the proxy has ended. */
async function listens(proxy: RunningProxy): Promise<boolean> {
  while (proxy.isRunning) {
    const socket = net.connect({ port: proxy.port, host: '127.0.0.1' });
    const accepted = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (accepted) return true;
    await pause(20);
  }
  return false;
}
