// The forward proxy for the programs that people put in front of it, each with its own way of being told of a proxy. Rule: each
// goes through Sluice and through Squid behind it, once by whole URLs and once by a tunnel, and both are seen in Squid's log.
import assert from 'node:assert/strict';
import { execFile, type ExecFileOptions, execFileSync, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { findCommand } from '../../scripts/peers.ts';
import { Gateway } from '../support/gateway.ts';
import { requirePeer, skipTest } from '../support/peer.ts';
import { type CertificateFiles, makeCertificate } from '../support/pki.ts';
import { type RunningProxy, startSquid } from '../support/proxies.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const run = promisify(execFile);

/** Whatever a client does here takes seconds; one that takes longer hangs. */
const CLIENT_TIMEOUT_MS = 60_000;

/** A server, by http and by https, the proxy that a client is told of, and the one behind it. */
interface Stage {
  readonly folder: string;
  readonly plain: string;
  readonly secure: string;
  readonly certificate: CertificateFiles;
  readonly proxy: string;
  readonly squid: RunningProxy;
}

type Listener = (request: http.IncomingMessage, response: http.ServerResponse) => void;

async function stage(t: TestContext, listener: Listener): Promise<Stage | undefined> {
  if (requirePeer(t, 'openssl') === undefined) return undefined;
  const squid = await startSquid(t);
  if (squid === undefined) return undefined;
  const folder = temporaryFolder(t);
  const certificate = makeCertificate(folder);
  const pem = { cert: readFileSync(certificate.cert), key: readFileSync(certificate.key) };
  const plain = await listen(t, http.createServer(listener));
  const secure = await listen(t, https.createServer(pem, listener));
  const gateway = await Gateway.open(t, { egress: { chain: ['exit'] }, hops: { exit: { proxy: squid.url } } });
  return {
    folder,
    plain: `http://127.0.0.1:${plain}`,
    secure: `https://127.0.0.1:${secure}`,
    certificate,
    proxy: `http://127.0.0.1:${gateway.proxyPort}`,
    squid,
  };
}

async function listen(t: TestContext, server: http.Server | https.Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Nothing of the environment of the test says anything of proxies. */
function client(
  { folder }: Stage,
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const clean = Object.entries(process.env).filter(([name]) => !/proxy|^npm_|^git_|^node_/i.test(name));
  const options: ExecFileOptions & { encoding: 'utf8' } = {
    env: { ...Object.fromEntries(clean), HOME: folder, ...env },
    cwd: folder,
    timeout: CLIENT_TIMEOUT_MS,
    maxBuffer: 100_000_000,
    encoding: 'utf8',
  };
  return run(command, args, options).then(({ stdout }) => stdout);
}

/** Squid writes its log when an exchange is over, which may be after its client has gone on. */
async function assertBothWays({ squid, plain, secure }: Stage): Promise<void> {
  await squid.logs(new RegExp(` GET ${plain.replaceAll('.', '\\.')}/`));
  await squid.logs(
    new RegExp(`TCP_TUNNEL/200 \\d+ CONNECT ${secure.slice('https://'.length).replaceAll('.', '\\.')} `),
  );
}

/** Answers with so many random bytes, the same for all, and to a body with what it hashes to. */
function page(bytes: Buffer): Listener {
  return (request, response) => {
    if (request.method === 'GET') {
      response.end(bytes);
      return;
    }
    const hash = createHash('sha256');
    request.on('data', (portion: Buffer) => hash.update(portion));
    request.on('end', () => response.end(hash.digest('hex')));
  };
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe('the forward proxy, with Squid behind it,', () => {
  test('serves curl, bodies in both directions included', async (t) => {
    const curl = requirePeer(t, 'curl');
    const bytes = randomBytes(1_000_000);
    const on = curl === undefined ? undefined : await stage(t, page(bytes));
    if (curl === undefined || on === undefined) return;
    const body = join(on.folder, 'body');
    const got = join(on.folder, 'got');
    writeFileSync(body, bytes);
    for (const url of [on.plain, on.secure]) {
      const common: string[] = ['-sSf', '-m', '30', '-x', on.proxy, '--cacert', on.certificate.cert, `${url}/a`];
      await client(on, curl, [...common, '-o', got]);
      assert.equal(sha256(readFileSync(got)), sha256(bytes));
      assert.equal(await client(on, curl, [...common, '--data-binary', `@${body}`]), sha256(bytes));
      // A body of unknown length, for which the client waits to hear that it is welcome.
      const chunked = ['-H', 'Transfer-Encoding: chunked', '-H', 'Expect: 100-continue', '-T', body];
      assert.equal(await client(on, curl, [...common, ...chunked]), sha256(bytes));
    }
    await assertBothWays(on);
  });

  test('serves wget', async (t) => {
    const wget = requirePeer(t, 'wget');
    const bytes = randomBytes(300_000);
    const on = wget === undefined ? undefined : await stage(t, page(bytes));
    if (wget === undefined || on === undefined) return;
    const env = { http_proxy: on.proxy, https_proxy: on.proxy };
    const got = join(on.folder, 'got');
    for (const url of [on.plain, on.secure]) {
      await client(on, wget, ['-q', '-t', '1', `--ca-certificate=${on.certificate.cert}`, '-O', got, `${url}/a`], env);
      assert.equal(sha256(readFileSync(got)), sha256(bytes));
    }
    await assertBothWays(on);
  });

  test('serves the fetch of Node, told of it by the environment', async (t) => {
    const bytes = randomBytes(300_000);
    const on = await stage(t, page(bytes));
    if (on === undefined) return;
    const script = `
      const sha = async (bytes) => Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex');
      for (const url of process.argv.slice(1)) {
        const got = await fetch(url + '/a').then((answer) => answer.arrayBuffer());
        const body = new Blob([got]).stream();
        const said = await fetch(url + '/a', { method: 'POST', body, duplex: 'half' }).then((answer) => answer.text());
        process.stdout.write((await sha(got)) + ' ' + said + '\\n');
      }`;
    const env = {
      NODE_USE_ENV_PROXY: '1',
      HTTP_PROXY: on.proxy,
      HTTPS_PROXY: on.proxy,
      NODE_EXTRA_CA_CERTS: on.certificate.cert,
    };
    const args = ['--input-type=module', '-e', script, on.plain, on.secure];
    const line = `${sha256(bytes)} ${sha256(bytes)}\n`;
    assert.equal(await client(on, process.execPath, args, env), line + line);
    await assertBothWays(on);
  });

  test('serves git, which asks in several steps', async (t) => {
    const git = requirePeer(t, 'git');
    if (git === undefined) return;
    const root = temporaryFolder(t);
    const on = await stage(t, gitServer(git, root));
    if (on === undefined) return;
    const work = join(on.folder, 'work');
    const asSomebody = ['-c', 'user.name=a', '-c', 'user.email=a@a.test'];
    const bytes = randomBytes(500_000);
    execFileSync(git, ['init', '-q', work]);
    writeFileSync(join(work, 'file'), bytes);
    execFileSync(git, ['-C', work, 'add', 'file']);
    execFileSync(git, ['-C', work, ...asSomebody, 'commit', '-q', '-m', 'One']);
    execFileSync(git, ['clone', '-q', '--bare', work, join(root, 'repo.git')]);
    for (const [index, url] of [on.plain, on.secure].entries()) {
      const options = ['-c', `http.proxy=${on.proxy}`, '-c', `http.sslCAInfo=${on.certificate.cert}`];
      await client(on, git, [...options, 'clone', '-q', `${url}/repo.git`, `clone-${index}`]);
      assert.equal(sha256(readFileSync(join(on.folder, `clone-${index}`, 'file'))), sha256(bytes));
    }
    await assertBothWays(on);
    await on.squid.logs(/ POST http:\S+\/repo\.git\/git-upload-pack /);
  });

  test('serves npm, which installs a package', async (t) => {
    const npm = findCommand('npm');
    if (npm === undefined) {
      skipTest(t, 'npm is not installed');
      return;
    }
    const tarball = packageTarball(temporaryFolder(t));
    const on = await stage(t, registry(tarball));
    if (on === undefined) return;
    for (const [index, url] of [on.plain, on.secure].entries()) {
      const prefix = join(on.folder, `app-${index}`);
      mkdirSync(prefix);
      writeFileSync(join(prefix, 'package.json'), '{}');
      const settings = { registry: `${url}/`, proxy: on.proxy, 'https-proxy': on.proxy, cafile: on.certificate.cert };
      const own = { prefix, cache: join(prefix, 'cache'), userconfig: join(prefix, 'npmrc'), 'fetch-retries': '0' };
      const options = Object.entries({ ...settings, ...own }).map(([name, value]) => `--${name}=${value}`);
      await client(on, npm, ['install', 'thing', '--no-audit', '--no-fund', '--no-update-notifier', ...options]);
      assert.equal(readFileSync(join(prefix, 'node_modules', 'thing', 'index.js'), 'utf8'), 'module.exports = 7;\n');
    }
    await assertBothWays(on);
  });

  test('serves apt, which reads a repository and fetches a package', async (t) => {
    const [apt, dpkgDeb] = [findCommand('apt-get'), findCommand('dpkg-deb')];
    if (apt === undefined || dpkgDeb === undefined) {
      skipTest(t, 'apt is not installed');
      return;
    }
    const repository = debianRepository(dpkgDeb, temporaryFolder(t));
    const on = await stage(t, (request, response) => {
      const file = repository.get(new URL(request.url ?? '', 'http://a').pathname);
      response.writeHead(file === undefined ? 404 : 200).end(file);
    });
    if (on === undefined) return;
    for (const [index, url] of [on.plain, on.secure].entries()) {
      const options = aptOptions(on, `apt-${index}`, url);
      await client(on, apt, [...options, 'update', '-q']);
      await client(on, apt, [...options, 'download', '-q', 'sluice-thing']);
      assert.deepEqual(readFileSync(join(on.folder, 'sluice-thing_1_all.deb')), repository.get('/thing.deb'));
    }
    await assertBothWays(on);
  });

  test('serves a browser, whose page brings a script from another server', async (t) => {
    const chromium = requirePeer(t, 'chromium');
    if (chromium === undefined) return;
    let script = '';
    const on = await stage(t, (request, response) => {
      if (request.url === '/page') {
        response.setHeader('Content-Type', 'text/html').end(`<p id="a">nothing</p><script src="${script}"></script>`);
      } else
        response.setHeader('Content-Type', 'text/javascript').end(`document.getElementById('a').textContent = 'came';`);
    });
    if (on === undefined) return;
    script = `${on.secure}/script`;
    const flags = [
      'headless',
      'no-sandbox',
      'disable-gpu',
      'disable-quic',
      'no-first-run',
      'disable-dev-shm-usage',
      'disable-background-networking',
      'disable-component-update',
      'disable-sync',
      'ignore-certificate-errors',
      `user-data-dir=${join(on.folder, 'profile')}`,
      `proxy-server=${on.proxy}`,
      'proxy-bypass-list=<-loopback>',
      'dump-dom',
    ];
    const shown = await client(on, chromium, [...flags.map((flag) => `--${flag}`), `${on.plain}/page`]);
    assert.match(shown, /<p id="a">came<\/p>/);
    await assertBothWays(on);
  });
});

/** Git's own program for serving by HTTP, which speaks CGI. */
function gitServer(git: string, root: string): Listener {
  const program = join(execFileSync(git, ['--exec-path'], { encoding: 'utf8' }).trim(), 'git-http-backend');
  return (request, response) => {
    const { pathname, search } = new URL(request.url ?? '', 'http://a');
    const { 'content-type': type = '', 'content-encoding': encoding = '', 'git-protocol': protocol } = request.headers;
    const backend = spawn(program, {
      env: {
        GIT_PROJECT_ROOT: root,
        GIT_HTTP_EXPORT_ALL: '1',
        // Whoever runs the tests need not own the folder.
        GIT_CONFIG_COUNT: '1',
        GIT_CONFIG_KEY_0: 'safe.directory',
        GIT_CONFIG_VALUE_0: '*',
        REQUEST_METHOD: request.method,
        PATH_INFO: pathname,
        QUERY_STRING: search.slice(1),
        CONTENT_TYPE: type,
        HTTP_CONTENT_ENCODING: encoding,
        ...(protocol === undefined ? {} : { GIT_PROTOCOL: String(protocol) }),
      },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    request.pipe(backend.stdin);
    backend.stdin.on('error', () => {});
    const parts: Buffer[] = [];
    backend.stdout.on('data', (part: Buffer) => parts.push(part));
    backend.on('close', () => answerAsCgi(Buffer.concat(parts), response));
  };
}

function answerAsCgi(output: Buffer, response: http.ServerResponse): void {
  const end = output.indexOf('\r\n\r\n');
  const fields = output.toString('latin1', 0, end).split('\r\n');
  for (const field of fields) {
    const [name = '', value = ''] = field.split(': ');
    if (name === 'Status') response.statusCode = Number.parseInt(value, 10);
    else response.setHeader(name, value);
  }
  response.end(output.subarray(end + 4));
}

function packageTarball(folder: string): Buffer {
  const source = join(folder, 'package');
  mkdirSync(source);
  writeFileSync(join(source, 'package.json'), '{"name":"thing","version":"1.0.0"}');
  writeFileSync(join(source, 'index.js'), 'module.exports = 7;\n');
  return execFileSync('tar', ['-cz', '-C', folder, 'package']);
}

/** As much of a registry as it takes to install one package. */
function registry(tarball: Buffer): Listener {
  const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
  return (request, response) => {
    if (request.url?.endsWith('.tgz')) {
      response.end(tarball);
      return;
    }
    const scheme = 'encrypted' in request.socket ? 'https' : 'http';
    const dist = { tarball: `${scheme}://${request.headers.host}/thing-1.0.0.tgz`, integrity };
    const version = { name: 'thing', version: '1.0.0', dist };
    const versions = { '1.0.0': version };
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({ name: 'thing', 'dist-tags': { latest: '1.0.0' }, versions }));
  };
}

/** A flat repository of one package, its files by path. */
function debianRepository(dpkgDeb: string, folder: string): ReadonlyMap<string, Buffer> {
  const control = ['Package: sluice-thing', 'Version: 1', 'Architecture: all', 'Maintainer: a <a@a.test>'];
  const description = 'Description: nothing';
  const source = join(folder, 'source');
  mkdirSync(join(source, 'DEBIAN'), { recursive: true });
  writeFileSync(join(source, 'DEBIAN', 'control'), `${[...control, description].join('\n')}\n`);
  const file = join(folder, 'thing.deb');
  execFileSync(dpkgDeb, ['--build', '--root-owner-group', source, file], { stdio: 'ignore' });
  const deb = readFileSync(file);
  const place = ['Filename: ./thing.deb', `Size: ${deb.length}`, `SHA256: ${sha256(deb)}`];
  const index = `${[...control, ...place, description].join('\n')}\n`;
  return new Map([
    ['/Packages', Buffer.from(index)],
    ['/thing.deb', deb],
  ]);
}

/** An apt that knows this repository, and nothing of the machine that it runs on. */
function aptOptions({ folder, proxy, certificate }: Stage, name: string, url: string): string[] {
  const home = join(folder, name);
  for (const part of ['lists/partial', 'cache/archives/partial', 'etc'])
    mkdirSync(join(home, part), { recursive: true });
  writeFileSync(join(home, 'status'), '');
  writeFileSync(join(home, 'sources.list'), `deb [trusted=yes] ${url} ./\n`);
  const settings = {
    'Dir::Etc': join(home, 'etc'),
    'Dir::Etc::SourceList': join(home, 'sources.list'),
    'Dir::Etc::SourceParts': '-',
    'Dir::State': home,
    'Dir::State::Lists': join(home, 'lists'),
    'Dir::State::Status': join(home, 'status'),
    'Dir::Cache': join(home, 'cache'),
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '0',
    'Acquire::http::Proxy': proxy,
    'Acquire::https::Proxy': proxy,
    'Acquire::https::CaInfo': certificate.cert,
  };
  return Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
}
